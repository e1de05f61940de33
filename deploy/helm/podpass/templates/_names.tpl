{{- /* What more than one file says. */ -}}

{{- define "podpass.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{- /* Takes the component's name. */ -}}
{{- define "podpass.selector" -}}
app.kubernetes.io/name: podpass
app.kubernetes.io/component: {{ . }}
{{- end -}}

{{- define "podpass.labels" -}}
{{ include "podpass.selector" . }}
app.kubernetes.io/part-of: podpass
{{- end -}}

{{- define "podpass.endpoint" -}}
{{- if .Values.endpoint -}}
{{ .Values.endpoint }}
{{- else if .Values.server.enabled -}}
https://podpass.{{ .Release.Namespace }}.svc
{{- else -}}
{{ required "endpoint: with server.enabled=false, say where Podpass is, for example https://podpass.example.com" .Values.endpoint }}
{{- end -}}
{{- end -}}

{{- /* What agent and webhook are told. Takes a map with root, part (node or webhook) and role, which may be empty. */ -}}
{{- define "podpass.clientSettings" -}}
CLUSTER_NAME: {{ quote .root.Values.cluster }}
AWS_REGION: {{ quote .root.Values.region }}
AWS_ENDPOINT_URL: {{ include "podpass.endpoint" .root | quote }}
AWS_ROLE_ARN: {{ printf "arn:aws:iam::%s:role/%s" .root.Values.account (default (printf "podpass-%s-%s" .part .root.Values.cluster) .role) | quote }}
{{- end -}}

{{- define "podpass.serverSettings" -}}
PODPASS_ACCOUNT: {{ quote .Values.account }}
PODPASS_REGION: {{ quote .Values.region }}
PODPASS_ENDPOINT: {{ include "podpass.endpoint" . | quote }}
{{- end -}}
