"""Tables written as .xlsx and .csv: streamed, without a file, whatever their size and text.

`tables.xlsx.write_xlsx(sink, table, batches, about)` and `tables.comma.write_csv(sink, table,
batches)` answer a `Written`; `tables.names.file_name(parts, ending)` names the file.
"""
