"""The shell around the pure core: event queue, one deadline timer, and one executor as the only way to
an effect.
"""
