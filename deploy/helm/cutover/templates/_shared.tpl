{{- define "cutover.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "cutover.labels" -}}
app.kubernetes.io/name: cutover
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- /* The addresses of a service's instances, one by one: who asks all of them has to know each. */}}
{{- define "cutover.instances" -}}
{{- $most := int .service.replicas }}
{{- if .service.autoscaling.enabled }}{{ $most = int .service.autoscaling.maxReplicas }}{{ end }}
{{- $urls := list }}
{{- range $n := until $most }}
{{- $urls = append $urls (printf "http://%s-%s-%d.%s-%s-instances:8080" $.root.Release.Name $.name $n $.root.Release.Name $.name) }}
{{- end }}
{{- $urls | toJson }}
{{- end }}

{{- define "cutover.pod" -}}
automountServiceAccountToken: false
terminationGracePeriodSeconds: 30
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: { type: RuntimeDefault }
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "cutover.labels" . | nindent 8 }}
volumes:
  # 288 is 0440: their group reads them.
  - name: keys
    secret: { secretName: {{ .root.Values.keys.secret }}, defaultMode: 288 }
  - name: tmp
    emptyDir: {}
{{- end }}

{{- define "cutover.container" -}}
image: {{ include "cutover.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
ports:
  - { name: http, containerPort: 8080 }
# Migrations run before it is ready: an index on a large table takes its time.
startupProbe:
  httpGet: { path: /startupz, port: http }
  periodSeconds: 5
  failureThreshold: 240
livenessProbe:
  httpGet: { path: /livez, port: http }
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /readyz, port: http }
  periodSeconds: 5
  timeoutSeconds: 3
volumeMounts:
  - { name: keys, mountPath: /keys, readOnly: true }
  - { name: tmp, mountPath: /tmp }
{{- end }}

{{- define "cutover.environment" -}}
- name: INSTANCE
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- { name: PORT, value: '8080' }
- { name: LISTEN_ADDRESS, value: 0.0.0.0 }
- { name: LOG_LEVEL, value: {{ .Values.logLevel | quote }} }
{{- with .Values.otlpEndpoint }}
- { name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ . | quote }} }
{{- end }}
{{- end }}
