"""CSV and XLSX in, with a report per row, and out again; written only when a person says so.

`signatures`, `csv_file`, `workbook` read a file into a `table`; `columns` guesses what its columns
mean; `opening_hours`, `cells`, `locations`, `stops` judge its rows; `doubles` finds places told
twice; `sentences` says all of it in words; `export` writes what `locations` reads.
"""
