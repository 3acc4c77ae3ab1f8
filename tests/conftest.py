"""Its presence lets every test below import the modules that stand beside it."""
