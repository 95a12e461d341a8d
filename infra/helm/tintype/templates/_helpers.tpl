{{/* Labels of a part: (dict "root" $ "part" "api") */}}
{{- define "tintype.selector" -}}
app.kubernetes.io/name: tintype
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "tintype.labels" -}}
{{ include "tintype.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* An image: (dict "root" $ "image" $.Values.image.api) */}}
{{- define "tintype.image" -}}
{{- with .image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.root.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end }}

{{/* A worker's values: what all have, and over it its own. (dict "root" $ "own" $own) */}}
{{- define "tintype.worker" -}}
{{ mergeOverwrite (deepCopy .root.Values.worker) .own | toYaml }}
{{- end }}

{{/* Stopping: a job's hard limit, 10 s after its time, then five to put things in order. */}}
{{- define "tintype.drainSeconds" -}}
{{ add .Values.jobTimeout 15 }}
{{- end }}

{{- define "tintype.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "tintype.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* What pods have in common: (dict "root" $ "part" "api" "place" $.Values.api) */}}
{{- define "tintype.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.serviceAccountName }}
serviceAccountName: {{ . }}
{{- end }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext: {{- include "tintype.podSecurity" . | nindent 2 }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "tintype.selector" . | nindent 8 }}
{{- with .place.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .place.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .place.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* One variable from a Secret: (dict "name" variable "secret" name "key" key) */}}
{{- define "tintype.secret" -}}
- name: {{ .name }}
  valueFrom: {secretKeyRef: {name: {{ .secret }}, key: {{ .key }}}}
{{- end }}

{{- define "tintype.redisEnv" -}}
{{- with .Values.secrets.redis -}}
{{ include "tintype.secret" (dict "name" "TINTYPE_REDIS_URL" "secret" .name "key" .key) }}
{{- if .brokerKey }}
{{ include "tintype.secret" (dict "name" "TINTYPE_BROKER_URL" "secret" .name "key" .brokerKey) }}
{{- end }}
{{- end }}
{{- with .Values.secrets.redisTls }}
{{- if .name }}
{{- range $name, $key := dict "TINTYPE_REDIS_CA" .ca "TINTYPE_REDIS_CERT" .cert "TINTYPE_REDIS_CERT_KEY" .certKey }}
{{- if $key }}
- {name: {{ $name }}, value: /etc/redis-tls/{{ $key }}}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "tintype.storageEnv" -}}
{{- with .Values.secrets.storage -}}
{{- if .name -}}
{{ include "tintype.secret" (dict "name" "TINTYPE_S3_ACCESS_KEY" "secret" .name "key" .accessKey) }}
{{ include "tintype.secret" (dict "name" "TINTYPE_S3_SECRET_KEY" "secret" .name "key" .secretKey) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "tintype.webhookEnv" -}}
{{- with .Values.secrets.webhooks -}}
{{- if .name -}}
{{ include "tintype.secret" (dict "name" "TINTYPE_WEBHOOK_SECRET" "secret" .name "key" .key) }}
{{- end }}
{{- end }}
{{- end }}

{{/* What every container has: a place to write, and certificates for Redis. */}}
{{- define "tintype.mounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if .Values.secrets.redisTls.name }}
- {name: redis-tls, mountPath: /etc/redis-tls, readOnly: true}
{{- end }}
{{- end }}

{{- define "tintype.volumes" -}}
- {name: tmp, emptyDir: {sizeLimit: {{ .Values.tmpSize }}}}
{{- with .Values.secrets.redisTls.name }}
- {name: redis-tls, secret: {secretName: {{ . }}}}
{{- end }}
{{- end }}
