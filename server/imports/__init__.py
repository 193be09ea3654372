"""CSV and XLSX in, with a report per row, and out again; written only when a person says so.

`signatures`, `csv_file`, `workbook` read a file into a `table`; `columns` guesses what its columns
mean; `rows`, `cells`, `opening_hours`, `locations`, `stops` judge its rows, `doubles` finds places
told twice, `check` joins them to a dry run; `sentences` and `report` say it in words. `stored` and
`taking` carry rows into the site and back; `neutral` and `export` write what `locations` reads;
`command` is the console's verb.
"""
