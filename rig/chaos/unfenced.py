"""The control: `python -m rig.chaos.unfenced services.tts` runs a service on a bus that refuses nothing, to show that the check can fail.

No setting of the product leads here: the fence is taken out of this process by name, and this module is no part of any image.
"""

import runpy
import sys

from shared import process, redis_bus
from shared.redis_scripts import Script

FENCE = "if s[1] ~= ARGV[1] or s[2] ~= ARGV[2] then return -1 end"
REFUSED = "elseif not string.find(reply.err, 'equal or smaller') then"
ANYHOW = """elseif string.find(reply.err, 'equal or smaller') then
    local last = redis.call('XREVRANGE', out, '+', '-', 'COUNT', 1)[1][1]
    local turn, seq = string.match(last, '(%d+)-(%d+)')
    redis.call('XADD', out, turn .. '-' .. string.format('%.0f', tonumber(seq) + 1), 'e', ARGV[i + 4])
    added = added + 1
  else"""
"""What the fence refuses is written all the same; where the stream refuses the number, behind its last."""

# Whoever had the lease once has it for ever.
UNFENCED_RENEW = Script("""
local s = redis.call('HMGET', KEYS[2], 'owner', 'token')
if s[1] == ARGV[1] and s[2] == ARGV[2] then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3]) end
return 1
""")


def without_fence(commit: Script) -> Script:
    """The bus' own step with the fence cut out. Raises ValueError if it is not where it was."""
    if FENCE not in commit.body or REFUSED not in commit.body:
        raise ValueError("the fence of shared/redis_scripts.py has changed; cut it out anew here")
    return Script(commit.body.replace(FENCE, "").replace(REFUSED, ANYHOW))


class UnfencedBus(redis_bus.RedisBus):
    """Whoever once had a lease may write for ever, and every number is taken."""

    COMMIT = without_fence(redis_bus.RedisBus.COMMIT)
    RENEW = UNFENCED_RENEW


if __name__ == "__main__":
    # The one place where services open their bus: there is no setting for it, and there shall be none.
    vars(process)["RedisBus"] = UnfencedBus
    runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
