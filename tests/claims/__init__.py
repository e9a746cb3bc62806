"""The report of claims: from what tests have found to one page that needs nothing else.

`model` is what a test says, `wire` reads captures, `gap` and `map` draw, `page` puts all of it together. Only
`wire` touches a file.
"""
