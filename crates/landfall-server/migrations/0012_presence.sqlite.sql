-- A file has one process, which looks nothing up by that time, and writes the index with every row.
DROP INDEX presence_by_time;
