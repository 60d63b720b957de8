{{- /* Two hundred lines of an ordinary chart, in the part of the language that both engines know. */ -}}
{{- $name := .release -}}
{{- $labels := printf "app: %s, release: %s" .chart .release -}}
{{- range $index, $service := .services }}
{{- if eq $service.kind "Deployment" }}
---
# Deployment {{ $index }} of {{ len $.services }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}-{{ $service.name }}
  labels: { {{ $labels }} }
  {{- with $service.annotations }}
  annotations:
    {{- range . }}
    {{ .key }}: "{{ .value }}"
    {{- end }}
  {{- end }}
spec:
  {{- if and $service.replicas (not $service.autoscaling) }}
  replicas: {{ $service.replicas }}
  {{- end }}
  selector:
    matchLabels:
      app: {{ $service.name }}
  template:
    metadata:
      labels:
        app: {{ $service.name }}
    spec:
      containers:
        - name: {{ $service.name }}
          image: "{{ $service.image }}:{{ if $service.tag }}{{ $service.tag }}{{ else }}latest{{ end }}"
          {{- if gt (len $service.ports) 0 }}
          ports:
            {{- range $service.ports }}
            - name: {{ .name }}
              containerPort: {{ .port }}
            {{- end }}
          {{- end }}
          env:
            {{- range $service.env }}
            - name: {{ .key }}
              value: "{{ .value }}"
            {{- end }}
{{- end }}
{{- end }}
{{- range $index, $service := .services }}
{{- if eq $service.kind "StatefulSet" }}
---
# StatefulSet {{ $index }} of {{ len $.services }}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ $name }}-{{ $service.name }}
  labels: { {{ $labels }} }
  {{- with $service.annotations }}
  annotations:
    {{- range . }}
    {{ .key }}: "{{ .value }}"
    {{- end }}
  {{- end }}
spec:
  {{- if and $service.replicas (not $service.autoscaling) }}
  replicas: {{ $service.replicas }}
  {{- end }}
  selector:
    matchLabels:
      app: {{ $service.name }}
  template:
    metadata:
      labels:
        app: {{ $service.name }}
    spec:
      containers:
        - name: {{ $service.name }}
          image: "{{ $service.image }}:{{ if $service.tag }}{{ $service.tag }}{{ else }}latest{{ end }}"
          {{- if gt (len $service.ports) 0 }}
          ports:
            {{- range $service.ports }}
            - name: {{ .name }}
              containerPort: {{ .port }}
            {{- end }}
          {{- end }}
          env:
            {{- range $service.env }}
            - name: {{ .key }}
              value: "{{ .value }}"
            {{- end }}
{{- end }}
{{- end }}
{{- range $index, $service := .services }}
{{- if eq $service.kind "DaemonSet" }}
---
# DaemonSet {{ $index }} of {{ len $.services }}
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: {{ $name }}-{{ $service.name }}
  labels: { {{ $labels }} }
  {{- with $service.annotations }}
  annotations:
    {{- range . }}
    {{ .key }}: "{{ .value }}"
    {{- end }}
  {{- end }}
spec:
  {{- if and $service.replicas (not $service.autoscaling) }}
  replicas: {{ $service.replicas }}
  {{- end }}
  selector:
    matchLabels:
      app: {{ $service.name }}
  template:
    metadata:
      labels:
        app: {{ $service.name }}
    spec:
      containers:
        - name: {{ $service.name }}
          image: "{{ $service.image }}:{{ if $service.tag }}{{ $service.tag }}{{ else }}latest{{ end }}"
          {{- if gt (len $service.ports) 0 }}
          ports:
            {{- range $service.ports }}
            - name: {{ .name }}
              containerPort: {{ .port }}
            {{- end }}
          {{- end }}
          env:
            {{- range $service.env }}
            - name: {{ .key }}
              value: "{{ .value }}"
            {{- end }}
{{- end }}
{{- end }}
{{- range $index, $service := .services }}
{{- if eq $service.kind "ReplicaSet" }}
---
# ReplicaSet {{ $index }} of {{ len $.services }}
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: {{ $name }}-{{ $service.name }}
  labels: { {{ $labels }} }
  {{- with $service.annotations }}
  annotations:
    {{- range . }}
    {{ .key }}: "{{ .value }}"
    {{- end }}
  {{- end }}
spec:
  {{- if and $service.replicas (not $service.autoscaling) }}
  replicas: {{ $service.replicas }}
  {{- end }}
  selector:
    matchLabels:
      app: {{ $service.name }}
  template:
    metadata:
      labels:
        app: {{ $service.name }}
    spec:
      containers:
        - name: {{ $service.name }}
          image: "{{ $service.image }}:{{ if $service.tag }}{{ $service.tag }}{{ else }}latest{{ end }}"
          {{- if gt (len $service.ports) 0 }}
          ports:
            {{- range $service.ports }}
            - name: {{ .name }}
              containerPort: {{ .port }}
            {{- end }}
          {{- end }}
          env:
            {{- range $service.env }}
            - name: {{ .key }}
              value: "{{ .value }}"
            {{- end }}
{{- end }}
{{- end }}
# a line of text without an action, as every chart has them
# a line of text without an action, as every chart has them
# a line of text without an action, as every chart has them
# a line of text without an action, as every chart has them
# a line of text without an action, as every chart has them
# a line of text without an action, as every chart has them
# a line of text without an action, as every chart has them
# a line of text without an action, as every chart has them
# a line of text without an action, as every chart has them
# a line of text without an action, as every chart has them
# a line of text without an action, as every chart has them
# a line of text without an action, as every chart has them
# a line of text without an action, as every chart has them
# a line of text without an action, as every chart has them
# a line of text without an action, as every chart has them
# a line of text without an action, as every chart has them
# a line of text without an action, as every chart has them
# a line of text without an action, as every chart has them
# a line of text without an action, as every chart has them
# a line of text without an action, as every chart has them
# end
