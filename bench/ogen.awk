# Writes openapi.yaml as ogen wants it, which knows no anyOf: a reference that may be null as an allOf of one with nullable beside
# it, and of who is assigned the person alone. Of the two spellings of a key's header one will do.
/Dashed: \[\]/ { next }
/anyOf: .*NullValue/ {
	indent = $0; sub(/anyOf.*/, "", indent)
	sub(/anyOf/, "allOf"); sub(/, \{ \$ref: "#\/components\/schemas\/NullValue" \}/, "")
	print indent "nullable: true"
}
/anyOf: .*AgentBot/ { sub(/anyOf/, "allOf"); sub(/, \{ \$ref: "#\/components\/schemas\/AgentBot" \}/, "") }
{ print }
