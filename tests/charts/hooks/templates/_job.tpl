{{- /* A Job that is a hook. Takes: top, name, event, annotations. */}}
{{- define "hooks.job" }}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .top.Release.Name }}-{{ .name }}
  annotations:
    helm.sh/hook: {{ .event }}
    {{- range $key, $value := .annotations }}
    helm.sh/{{ $key }}: {{ $value | quote }}
    {{- end }}
spec:
  backoffLimit: 0
  template:
    metadata:
      annotations:
        {{- if eq .event .top.Values.fail }}
        chartroom.test/outcome: fail
        {{- end }}
        {{- with .top.Values.delay }}
        chartroom.test/delay: {{ . }}
        {{- end }}
        chartroom.test/event: {{ .event }}
    spec:
      restartPolicy: Never
      containers:
      - {name: hook, image: "registry.test/hook:1"}
{{- end }}
