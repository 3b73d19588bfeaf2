{{- /* Labels of everything. Call with the root. */ -}}
{{- define "nudge.labels" -}}
app.kubernetes.io/name: nudge
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- /* Labels that tell pods apart. Call with (dict "root" $ "component" "…" "role" "…"). */ -}}
{{- define "nudge.selector" -}}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
nudge.dev/role: {{ .role }}
{{- end }}

{{- /* The host of publicUrl. */ -}}
{{- define "nudge.host" -}}
{{- regexReplaceAll ":[0-9]+$" (urlParse .Values.publicUrl).host "" -}}
{{- end }}

{{- define "nudge.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- define "nudge.jwksUrl" -}}
{{- .Values.oidc.jwksUrl | default (printf "%s/.well-known/jwks.json" (trimSuffix "/" .Values.oidc.issuer)) -}}
{{- end }}

{{- /* The publish addresses of all Pushpin pods: a component can't look them up, so the chart counts them. */ -}}
{{- define "nudge.pushpinUrls" -}}
{{- $urls := list -}}
{{- range $n := until (int .Values.pushpin.replicas) -}}
{{- $urls = append $urls (printf "http://pushpin-%d.pushpin.%s.svc.cluster.local:5561" $n $.Release.Namespace) -}}
{{- end -}}
{{- join "," $urls -}}
{{- end }}

{{- /* The address under which daprd reaches a function through the interceptor, which wakes it. */ -}}
{{- define "nudge.wakeHost" -}}
{{- printf "%s-wake.%s.svc.cluster.local" .name .root.Release.Namespace -}}
{{- end }}

{{- define "nudge.interceptorHost" -}}
{{- printf "%s.%s.svc.cluster.local" .Values.scaling.http.interceptor .Values.scaling.http.namespace -}}
{{- end }}

{{- /* Topics that a function listens to, by its subscriptions; JSON {"topics": […]}. */ -}}
{{- define "nudge.topicsOf" -}}
{{- $topics := list -}}
{{- range $path, $_ := .root.Files.Glob "dapr-components/subscriptions/*.yaml" -}}
{{- $subscription := $.root.Files.Get $path | fromYaml -}}
{{- if has $.name $subscription.scopes -}}
{{- $topics = append $topics $subscription.spec.topic -}}
{{- end -}}
{{- end -}}
{{- dict "topics" ($topics | uniq | sortAlpha) | toJson -}}
{{- end }}

{{- /* Functions that may invoke a function, by its access list; JSON {"callers": […]}. */ -}}
{{- define "nudge.callersOf" -}}
{{- $list := .root.Files.Get (printf "dapr-components/access/%s.yaml" .name) | fromYaml -}}
{{- $callers := list -}}
{{- range $policy := dig "spec" "accessControl" "policies" list $list -}}
{{- $callers = append $callers $policy.appId -}}
{{- end -}}
{{- dict "callers" $callers | toJson -}}
{{- end }}

{{- /* Paths that a function's cron bindings call; JSON {"paths": […]}. */ -}}
{{- define "nudge.cronsOf" -}}
{{- $paths := list -}}
{{- range $path, $_ := .root.Files.Glob "dapr-components/*.yaml" -}}
{{- $component := $.root.Files.Get $path | fromYaml -}}
{{- if and (eq $component.kind "Component") (eq (dig "spec" "type" "" $component) "bindings.cron") (has $.name $component.scopes) -}}
{{- range $component.spec.metadata -}}
{{- if eq .name "route" -}}{{- $paths = append $paths .value -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- dict "paths" $paths | toJson -}}
{{- end }}

{{- /* What a container of ours may do. Call with the user id. */ -}}
{{- define "nudge.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
seccompProfile: { type: RuntimeDefault }
{{- end }}
{{- define "nudge.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- /* A variable from the Secret. Call with (dict "root" $ "key" "…"). */ -}}
{{- define "nudge.fromSecret" -}}
secretKeyRef: { name: {{ .root.Values.secrets.name }}, key: {{ .key }} }
{{- end }}
