{{- define "taskflow-api.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "taskflow-api.fullname" -}}
{{- $name := printf "%s-%s" .Release.Name (include "taskflow-api.name" .) }}
{{- .Values.fullnameOverride | default $name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "taskflow-api.selectorLabels" -}}
app.kubernetes.io/name: {{ include "taskflow-api.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "taskflow-api.labels" -}}
helm.sh/chart: {{ include "taskflow-api.name" . }}-{{ .Chart.Version }}
{{ include "taskflow-api.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "taskflow-api.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/*
The address of Redis. `required` stops the render with its sentence when the value is empty: better a failed
upgrade than pods that look for a host without a name.
*/}}
{{- define "taskflow-api.redisUrl" -}}
{{- if .Values.redis.enabled -}}
redis://{{ .Release.Name }}-redis:6379
{{- else -}}
{{- $host := required "externalRedis.host is required while redis.enabled is false" .Values.externalRedis.host -}}
redis://{{ $host }}:{{ .Values.externalRedis.port }}
{{- end -}}
{{- end }}
