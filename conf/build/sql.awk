# Makes du_sql.h from queries.sql and schema.sql: one list of statements with names, one of the schema's.
# Usage: awk -f sql.awk queries.sql schema.sql
# A query begins at "-- name: x" and ends at the next one; a statement of the schema ends at its semicolon. Comment lines
# are dropped, lines are joined with a space.

function quoted(sql) { gsub(/\\/, "\\\\", sql); gsub(/"/, "\\\"", sql); return "\"" sql "\"" }

function flush_query()
{
    if (name != "") printf "    X(DU_SQL_%s, \"%s\", %s) \\\n", toupper(name), name, quoted(text)
    name = text = ""
}

BEGIN {
    print "/* Generated from mod_devupdate/sql by conf/build/sql.awk. */"
    print "#ifndef DU_SQL_H\n#define DU_SQL_H\n"
    print "/* X(DU_SQL_NAME, \"name\", \"text\") for every query. */\n#define DU_SQL_LIST(X) \\"
}
FILENAME != last { last = FILENAME; if (++files == 2) { flush_query(); print "\n/* X(\"text\") for every statement of the schema, in order. */\n#define DU_SQL_SCHEMA_LIST(X) \\" } }
files == 1 && /^-- name: [a-z_]+$/ { flush_query(); name = $3; next }
/^[ \t]*--/ || /^[ \t]*$/ { next }
{ sub(/^[ \t]+/, ""); gsub(/[ \t]+/, " ") }
files == 1 && name == "" { print "#error a statement without a name in " FILENAME ":" FNR; next }
{ text = text (text == "" ? "" : " ") $0 }
files == 2 && /;$/ { sub(/;$/, "", text); printf "    X(%s) \\\n", quoted(text); text = "" }
END {
    print "\ntypedef enum {\n#define DU_SQL_ENUM(id, name, text) id,\n    DU_SQL_LIST(DU_SQL_ENUM)\n#undef DU_SQL_ENUM"
    print "    DU_SQL_COUNT\n} du_sql_e;\n\n#endif"
}
