"""The rig's engines in whole visits, once in peace and once with each of them failing in the middle of a turn.

    python -m tests.rehearsals                    all six; make rehearsals
    python -m tests.rehearsals peace llm          some of them
    python -m tests.rehearsals llm --pictures DIR the operator page while the stage is degraded, as a PNG

Tiny and packaged weights, peers as processes of their own, the rig's own settings, and `mirror rehearse` as a person types it.
"""
