package main

// page is the whole page: the saved filters, the form, and the matches.
const page = `<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>{{with .Name}}{{.}} - {{end}}Conversations</title>
<style>
body { font: 1em sans-serif; margin: 2em }
td, th { text-align: left; vertical-align: top; padding: .2em 1em .2em 0 }
[role=alert] { color: #b00020 }
[aria-invalid=true] { outline: 2px solid #b00020 }
</style>
<h1>Conversations</h1>
{{with .Kept}}<ul>{{range $name, $filter := .}}
<li><a href="/?name={{$name}}">{{$name}}</a>: <code>{{$filter}}</code>{{end}}
</ul>{{end}}
{{with .Problem}}<p role="alert">{{.}}</p>{{end}}
<form>
<table>{{range $i, $row := .Rows}}
<tr><td>{{if $i}}<select name="join" aria-label="join"><option>AND<option{{if eq .Join "OR"}} selected{{end}}>OR</select>
{{- else}}<input type="hidden" name="join" value="AND">{{end}}
<td><select name="attribute" aria-label="attribute"{{if .Problem}} aria-invalid="true"{{end}}><option value="">
{{- range $.Attributes}}<option{{if eq . $row.Attribute}} selected{{end}}>{{.}}{{end}}</select>
<td><select name="operator" aria-label="operator"{{if .Problem}} aria-invalid="true"{{end}}>
{{- range $.Operators}}<option value="{{.Operator}}"{{if eq .Operator $row.Operator}} selected{{end}}>{{.Words}}{{end}}</select>
<td><textarea name="values" rows="2" placeholder="values, one per line" aria-label="values"{{if .Problem}} aria-invalid="true"{{end}}>
{{.Values}}</textarea>
<td>{{with .Problem}}<span role="alert">{{.}}</span>{{end}}{{end}}
</table>
<p>AND binds before OR. Days are days of UTC, such as 2026-01-31.</p>
<p><button>Find</button> <label>Name <input name="name" maxlength="100" value="{{.Name}}"></label> <button formmethod="post">Save</button></p>
</form>
{{with .Found}}<p>{{len .Payload}} of {{.Meta.AllCount}}, the latest activity first</p>
<table><tr><th>ID<th>Status<th>Contact<th>Inbox<th>Assigned to<th>Labels<th>Last activity{{range .Payload}}
<tr><td>{{.ID}}<td>{{.Status}}<td>{{.Meta.Sender.GetName}}<td>{{inbox .InboxID}}<td>{{owner .}}
{{- ""}}<td>{{range .Labels}}{{.}} {{end}}<td>{{.Timestamp.UTC.Format "2006-01-02 15:04"}}{{end}}
</table>{{end}}
`
