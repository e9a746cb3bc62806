"""The setup menu as questions and what follows from the answers: it reads and writes nothing. Pure.

A flow is a generator: it yields a step (a question, something to show, something to do) and is sent the
result. Flows have no state but their answers, so that going back is asking again with one answer less.
"""
