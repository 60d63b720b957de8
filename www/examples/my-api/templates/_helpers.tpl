{{/* The chart's name, or nameOverride. */}}
{{- define "my-api.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* What every object is called. */}}
{{- define "my-api.fullname" -}}
{{- if .Values.fullnameOverride -}}
  {{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
  {{- $name := include "my-api.name" . -}}
  {{- if contains $name .Release.Name -}}
    {{- .Release.Name | trunc 63 | trimSuffix "-" -}}
  {{- else -}}
    {{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* The two labels that find the pods. */}}
{{- define "my-api.selectorLabels" -}}
app.kubernetes.io/name: {{ include "my-api.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/*
All labels: the usual ones, then one for each key of `organisation`. `kebabcase` turns costCenter into cost-center;
`range` over a map goes through its keys in order of their bytes, so the output never jumps.
*/}}
{{- define "my-api.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
{{ include "my-api.selectorLabels" . }}
{{- range $key, $value := .Values.organisation }}
{{- if $value }}
example.com/{{ kebabcase $key }}: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The list of environment variables: the map `env`, then the list `extraEnv` as it stands. */}}
{{- define "my-api.env" -}}
{{- range $name, $value := .Values.env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}
