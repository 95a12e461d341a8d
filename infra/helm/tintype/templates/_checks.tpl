{{/* What a schema cannot say: each priority has its workers, and somebody always works. */}}
{{- define "tintype.checkWorkers" -}}
{{- $taken := list }}
{{- $always := 0 }}
{{- range .Values.workers }}
{{- $taken = concat $taken .queues }}
{{- $always = add $always .replicas.min }}
{{- if gt (int .replicas.min) (int .replicas.max) }}
{{- fail "workers: replicas.min is more than replicas.max" }}
{{- end }}
{{- if not (or $.Values.keda.enabled (int .replicas.min)) }}
{{- fail "workers: without KEDA nobody would ever start the workers whose replicas.min is 0" }}
{{- end }}
{{- end }}
{{- range list "high" "normal" "low" }}
{{- if not (has . $taken) }}
{{- fail (printf "workers: none takes jobs of the priority %s; put it into the queues of one" .) }}
{{- end }}
{{- end }}
{{- if not $always }}
{{- fail "workers: one needs replicas.min of 1: somebody looks after batches and after jobs of workers that died" }}
{{- end }}
{{- end }}
