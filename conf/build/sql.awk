# Makes du_sql.h from queries.sql, schema.sql and the migrations: the statements with names, those of the schema, those of
# each migration, and for each table two statements that read and write whole rows.
# Usage: awk -f sql.awk queries.sql schema.sql migrate-0002.sql ...
# A query begins at "-- name: x" and ends at the next one; a statement of the others ends at its semicolon. Comment lines
# are dropped, lines are joined with a space. "-- part: x" begins a text that stands for @x in the queries behind it.
# A query that says "-- rows: 32" is made twice: as x with what stands in braces once, and as x_many with that 32 times, joined
# by commas. Writing whole rows is made for one row and for many likewise.

function quoted(sql) { gsub(/\\/, "\\\\", sql); gsub(/"/, "\\\"", sql); return "\"" sql "\"" }

function with_parts(sql,    rest)
{
    for (rest = ""; match(sql, /@[a-z_]+/); sql = substr(sql, RSTART + RLENGTH)) {
        if (!(substr(sql, RSTART + 1, RLENGTH - 1) in parts)) print "#error no part " substr(sql, RSTART, RLENGTH) " in " name
        rest = rest substr(sql, 1, RSTART - 1) parts[substr(sql, RSTART + 1, RLENGTH - 1)]
    }
    return rest sql
}

function repeated(item, count,    list, i)
{
    for (i = 0; i < count; i++) list = listed(list, item)
    return list
}

function add_query(name, text)
{
    queries = queries sprintf("    X(DU_SQL_%s, \"%s\", %s) \\\n", toupper(name), name, quoted(text))
}

# No use of sub(), for which "&" in the new text means something.
function flush_query(    begins, ends, item)
{
    text = with_parts(text)
    if (part != "") parts[part] = text
    part = ""
    begins = index(text, "{"); ends = index(text, "}")
    if ((rows > 0) != (begins > 0 && ends > begins)) print "#error braces and \"-- rows\" need each other: " name
    if (rows > 0) {
        item = substr(text, begins + 1, ends - begins - 1)
        many = many sprintf("    X(DU_SQL_%s_MANY, %d) \\\n", toupper(name), rows)
        add_query(name, substr(text, 1, begins - 1) item substr(text, ends + 1))
        add_query(name "_many", substr(text, 1, begins - 1) repeated(item, rows) substr(text, ends + 1))
    }
    else if (name != "") add_query(name, text)
    name = text = ""; rows = 0
}

function listed(list, item) { return list (list == "" ? "" : ", ") item }

# apr_dbd's parameter for a column of that type, and what is less than everything in it
function parameter(type) { return type == "BIGINT" ? "%lld" : type == "INTEGER" ? "%d" : "%s" }
function least(type) { return type == "TEXT" ? "" : type == "INTEGER" ? "-2147483648" : "-9223372036854775808" }

# One line of CREATE TABLE: a column, or the key.
function table_line(    words)
{
    split($0, words, /[ ,]+/)
    if ($0 ~ /^PRIMARY KEY \(/) { key = $0; gsub(/^PRIMARY KEY \(|\),?$/, "", key); return }
    if ($0 ~ /^UNIQUE/) return
    columns = listed(columns, words[1]); values = listed(values, parameter(words[2])); types[++ncolumns] = words[2]
    if ($0 ~ / PRIMARY KEY/) key = words[1]
}

# Rows are read in the order of the key, which is the first one or two columns, some at a time, behind a given one.
function flush_table(    nkeys, marks, i)
{
    nkeys = split(key, unused, /, /)
    if (nkeys < 1 || nkeys > 2 || index(columns, key) != 1) print "#error the key of " table " is not its first columns"
    if (ncolumns > most) most = ncolumns
    rows = int(parameters / ncolumns)
    for (i = 1; i <= nkeys; i++) marks = listed(marks, parameter(types[i]))
    enumerators = enumerators sprintf("    DU_SQL_READ_%s,\n    DU_SQL_ROWS_%s,\n", toupper(table), toupper(table)) \
        sprintf("    DU_SQL_WRITE_%s,\n    DU_SQL_WRITE_%s_MANY,\n", toupper(table), toupper(table))
    many = many sprintf("    X(DU_SQL_WRITE_%s_MANY, %d) \\\n", toupper(table), rows)
    tables = tables sprintf("    X(%s, \"%s\", %d, %d, \"%s\", \"%s\", \\\n", toupper(table), table, ncolumns, nkeys, least(types[1]), least(types[2])) \
        sprintf("      \"SELECT %s FROM %s WHERE (%s) > (%s) ORDER BY %s LIMIT 1000\", \\\n", columns, table, key, marks, key) \
        sprintf("      \"SELECT COUNT(*) FROM %s\", \\\n      \"INSERT INTO %s (%s) VALUES (%s)\", \\\n", table, table, columns, values) \
        sprintf("      \"INSERT INTO %s (%s) VALUES %s\") \\\n", table, columns, repeated("(" values ")", rows))
    table = columns = values = key = ""; ncolumns = rows = 0
}

BEGIN { parameters = 512 } # of one statement, DU_SQL_PARAMETERS_MAX

FILENAME != last {
    flush_query()
    last = FILENAME
    kind = FILENAME ~ /queries\.sql$/ ? "queries" : FILENAME ~ /schema\.sql$/ ? "schema" : "migration"
    version = FILENAME; gsub(/^.*-0*|\.sql$/, "", version)
}
kind == "queries" && /^-- part: [a-z_]+$/ { flush_query(); part = $3; next }
kind == "queries" && /^-- name: [a-z_]+$/ { flush_query(); name = $3; next }
kind == "queries" && /^-- rows: [0-9]+$/ { rows = $3; next }
/^[ \t]*--/ || /^[ \t]*$/ { next }
{ sub(/^[ \t]+/, ""); gsub(/[ \t]+/, " ") }
kind == "queries" && name == "" && part == "" { print "#error a statement without a name in " FILENAME ":" FNR; next }
{ text = text (text == "" ? "" : " ") $0 }
kind == "schema" && /^CREATE TABLE / { table = $3; next }
kind == "schema" && table != "" { if (/^\);/) flush_table(); else table_line() }
kind != "queries" && /;$/ {
    sub(/;$/, "", text)
    if (kind == "schema") schema = schema "    X(" quoted(text) ") \\\n"
    else migrations = migrations "    X(" version ", " quoted(text) ") \\\n"
    text = ""
}
END {
    print "/* Generated from mod_devupdate/sql by conf/build/sql.awk. */"
    print "#ifndef DU_SQL_H\n#define DU_SQL_H"
    print "\n/* X(DU_SQL_NAME, \"name\", \"text\") for every query. */\n#define DU_SQL_LIST(X) \\\n" queries
    print "/* X(\"text\") for every statement of the schema, in order. */\n#define DU_SQL_SCHEMA_LIST(X) \\\n" schema
    print "/* X(VERSION, \"text\") for every statement of the migrations, in order: those of a version lead to it. */"
    print "#define DU_SQL_MIGRATION_LIST(X) \\\n" migrations
    print "/* X(NAME, \"name\", columns, how many of them are the key, what is less than every key (one or two texts), reads some"
    print " * rows behind a key, counts all, writes one, writes many) for every table, in the order of the schema: what is referred to comes first. */"
    print "#define DU_SQL_TABLE_LIST(X) \\\n" tables
    print "/* X(DU_SQL_NAME_MANY, rows): how many rows it takes; DU_SQL_NAME, which is the one before it, takes one. */"
    print "#define DU_SQL_MANY_LIST(X) \\\n" many
    print "#define DU_SQL_PARAMETERS_MAX " parameters " /* of a statement */"
    print "#define DU_SQL_COLUMNS_MAX " most " /* of a table */\n"
    print "typedef enum {\n#define DU_SQL_ENUM(id, name, text) id,\n    DU_SQL_LIST(DU_SQL_ENUM)\n#undef DU_SQL_ENUM"
    print enumerators "    DU_SQL_COUNT\n} du_sql_e;\n\n#endif"
}
