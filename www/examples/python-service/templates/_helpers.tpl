{{- define "python-service.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "python-service.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "python-service.labels" -}}
{{ include "python-service.selectorLabels" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/*
A probe. Its argument is a dict, because a template takes only one:
  {{ include "python-service.probe" (dict "probe" .Values.probes.liveness "port" "http") }}
*/}}
{{- define "python-service.probe" -}}
httpGet:
  path: {{ .probe.path }}
  port: {{ .port }}
{{- range $key, $value := omit .probe "path" }}
{{ $key }}: {{ $value }}
{{- end }}
{{- end }}
