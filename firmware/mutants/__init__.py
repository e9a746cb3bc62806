"""`mutants`: how many small faults in the election's code the tests do not notice.

A mutant is the code with one thing changed: a comparison, a number, a condition, a value. Or, made by hand,
with one rule of the election broken. It is killed when a test fails, and survives when all pass: then a test
is missing, or the code does not matter. Of some survivors it is known why no test can see them.
"""
