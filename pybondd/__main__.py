"""`python -m pybondd`."""

from pybondd.cli.main import main

if __name__ == "__main__":
    main()
