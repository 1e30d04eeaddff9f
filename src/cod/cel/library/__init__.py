"""The functions of the environment that are not of the language itself, a module for each library."""
