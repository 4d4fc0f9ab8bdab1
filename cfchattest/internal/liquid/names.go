package liquid

// tags and filters list the parts of Liquid that this package does not support.
var (
	tags = []string{
		"#", "assign", "break", "capture", "case", "comment", "continue", "cycle", "decrement", "echo", "for", "if", "ifchanged",
		"include", "increment", "liquid", "render", "tablerow", "unless",
	}
	filters = []string{
		"abs", "append", "at_least", "at_most", "base64_decode", "base64_encode", "base64_url_safe_decode",
		"base64_url_safe_encode", "capitalize", "ceil", "compact", "concat", "date", "default", "divided_by", "downcase", "escape",
		"escape_once", "first", "floor", "h", "join", "last", "lstrip", "map", "minus", "modulo", "newline_to_br", "plus",
		"prepend", "remove", "remove_first", "remove_last", "replace", "replace_first", "replace_last", "reverse", "round",
		"rstrip", "size", "slice", "sort", "sort_natural", "split", "strip", "strip_html", "strip_newlines", "sum", "times",
		"truncate", "truncatewords", "uniq", "upcase", "url_encode", "where",
	}
)
