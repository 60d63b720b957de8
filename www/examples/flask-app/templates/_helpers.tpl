{{/*
Files that start with an underscore print nothing themselves: they hold named templates for the others.
*/}}

{{/* The short name: the chart's, unless nameOverride says otherwise. Kubernetes allows 63 characters. */}}
{{- define "flask-app.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The full name: release and chart, without saying the same word twice. */}}
{{- define "flask-app.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := include "flask-app.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* Labels of every object. */}}
{{- define "flask-app.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "flask-app.selectorLabels" . }}
{{- with .Chart.AppVersion }}
app.kubernetes.io/version: {{ . | quote }}
{{- end }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Labels that find the pods again. They must never change during the life of a release. */}}
{{- define "flask-app.selectorLabels" -}}
app.kubernetes.io/name: {{ include "flask-app.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "flask-app.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "flask-app.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* The Secret with the cookie key and the database address: ours, or one that exists already. */}}
{{- define "flask-app.secretName" -}}
{{- default (include "flask-app.fullname" .) .Values.flask.existingSecret }}
{{- end }}

{{/* registry/repository:tag, the registry only when there is one. */}}
{{- define "flask-app.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion }}
{{- with .Values.global.imageRegistry }}{{ . }}/{{ end }}{{ .Values.image.repository }}:{{ $tag }}
{{- end }}

{{/* The database: the one of the dependency, or one that lives elsewhere. */}}
{{- define "flask-app.databaseUrl" -}}
{{- if .Values.postgresql.enabled }}
{{- $auth := .Values.postgresql.auth }}
{{- printf "postgresql://%s:%s@%s-postgresql:5432/%s" $auth.username $auth.password .Release.Name $auth.database }}
{{- else }}
{{- with .Values.database }}
{{- printf "postgresql://%s:%s@%s:%v/%s" .username .password .host .port .name }}
{{- end }}
{{- end }}
{{- end }}

{{/* The cache, or nothing at all. */}}
{{- define "flask-app.redisUrl" -}}
{{- if .Values.redis.enabled }}
{{- printf "redis://%s-redis:6379/%v" .Release.Name .Values.cache.database }}
{{- else if .Values.cache.host }}
{{- printf "redis://%s:%v/%v" .Values.cache.host .Values.cache.port .Values.cache.database }}
{{- end }}
{{- end }}

{{/* One probe. Call it with the settings of that probe. */}}
{{- define "flask-app.probe" -}}
httpGet:
  path: {{ .path }}
  port: http
initialDelaySeconds: {{ .initialDelaySeconds }}
periodSeconds: {{ .periodSeconds }}
timeoutSeconds: {{ .timeoutSeconds }}
failureThreshold: {{ .failureThreshold }}
{{- end }}
