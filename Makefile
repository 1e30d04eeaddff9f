# COD: `make run` shows what it does, `make test` tests it.

# Arguments go through:  make test ARGS='-k names'
ARGS ?=
PYTHON ?=
export PYTHON

# Releases of Debian whose runtimes `make test-runtimes` tests; `host` is this machine.
RELEASES ?= host trixie forky
export RELEASES

.PHONY: help run test test-runtimes lint format types layers bench clean venv

help:  ## list what there is to make
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 28

run: venv  ## start a container with claimed devices: cod demo
	@tools/setup programs runc busybox
	@.venv/bin/cod demo $(ARGS)

test: venv  ## run all tests but those of test-runtimes
	@tools/setup programs runc podman busybox lstopo-no-graphics bwrap ch-run
	@.venv/bin/python -m pytest -n auto --maxprocesses 8 -m "not matrix" $(ARGS)

test-runtimes: venv  ## test all container runtimes, of this machine and of Debian's releases
	@tools/setup programs runc podman busybox
	@tools/setup roots $(filter-out host,$(RELEASES))
	@.venv/bin/python -m pytest -n auto --dist loadgroup -m matrix $(ARGS)

lint: venv  ## look for mistakes and for other layout
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .

format: venv  ## lay the code out
	@.venv/bin/ruff check --fix-only .
	@.venv/bin/ruff format .

types: venv  ## check types
	@.venv/bin/mypy

layers: venv  ## check which package imports which
	@.venv/bin/lint-imports --no-logo

bench: venv  ## measure
	@.venv/bin/python -m bench.cdi $(ARGS)
	@.venv/bin/python -m bench.discover
	@.venv/bin/python -m bench.slices
	@.venv/bin/python -m bench.kfd
	@.venv/bin/python -m bench.allocate
	@.venv/bin/python -m bench.cel
	@.venv/bin/python -m bench.nri
	@.venv/bin/python -m bench.front

clean:  ## remove all that is made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -prune -exec rm -rf {} +

venv:
	@tools/setup venv
