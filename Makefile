# make lab    a bond comes up, a cable is cut, it fails over: see it, without spare interfaces
# make test   installs what the tests need and runs them all
# make check  style and types, in seconds      make bench  speed, as ratios
# make mutants, lacp-faults  seeded faults that the tests must find (make test: a third)
# make soak   a hundred thousand random schedules of LACP systems; half an hour

VENV := .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml setup.py $(wildcard pybondd/*.pyx pybondd/*.pxi)
INTEROP := -p no:xdist tests/interop
UML := tests/interop/uml
# What never meets the packet path, and so need not run with both.
CORE := tests/lacp tests/balance tests/config tests/iproute \
	$(addprefix tests/world/test_,lacp_schedules.py balance_schedules.py) \
	$(addprefix tests/conformance/test_,lacp_traces.py alb_traces.py)
# What depends on the packet path, run once more with the readable one.
TWIN_INTEROP := -p no:xdist $(addprefix tests/interop/test_,modes.py five_facts.py pump_on_wire.py \
	daemon_life.py)

.PHONY: lab test check bench mutants lacp-faults soak clean

lab: $(VENV)/.lab
	@$(BIN)/pybondd lab failover

test: $(VENV)/.test check
	PYBONDD_DATAPATH=compiled $(BIN)/pytest -q -n 2 tests --ignore tests/interop
	PYBONDD_PURE=1 PYBONDD_DATAPATH=pure $(BIN)/pytest -q -n 2 tests --ignore tests/interop \
	    $(addprefix --ignore ,$(CORE))
	@# The real driver lives by its own seconds and mostly waits: it runs beside the rest.
	PYBONDD_DATAPATH=compiled $(BIN)/pytest -q -p no:xdist $(UML) > $(VENV)/uml.log 2>&1 & \
	uml=$$!; trap "kill $$uml" INT TERM; \
	PYBONDD_DATAPATH=compiled $(BIN)/pytest -q $(INTEROP) --ignore $(UML); here=$$?; \
	wait $$uml; there=$$?; cat $(VENV)/uml.log; exit $$((here | there))
	PYBONDD_PURE=1 PYBONDD_DATAPATH=pure $(BIN)/pytest -q $(TWIN_INTEROP)
	$(BIN)/python tools/mutants.py --every 3
	$(BIN)/python tools/lacp_faults.py --every 3

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.test
	$(BIN)/python tools/bench/bench.py

mutants: $(VENV)/.test
	$(BIN)/python tools/mutants.py

lacp-faults: $(VENV)/.test
	$(BIN)/python tools/lacp_faults.py

soak: $(VENV)/.test
	$(BIN)/python tools/soak.py

$(VENV)/.lab: $(SOURCES) tools/setup.sh
	@sh tools/setup.sh lab
	@touch $@

$(VENV)/.test: $(SOURCES) tools/setup.sh
	@sh tools/setup.sh test
	@touch $@ $(VENV)/.lab

clean:
	rm -rf $(VENV) build pybondd/_fast.c pybondd/_fast*.so *.egg-info
