{{- define "overlay.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "overlay.nodeNameEnv" -}}
- name: OVERLAY_NodeName
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
{{- end -}}

{{- /* What daemon and removal write to on the host. */ -}}
{{- define "overlay.hostMounts" -}}
- name: run
  mountPath: /run/overlay
- name: subnet
  mountPath: /run/flannel
- name: state
  mountPath: /var/lib/overlay
# A container's own /proc/sys is read-only. Here forwarding is switched on, and the own device set up.
- name: sysctls
  mountPath: /mnt/host/proc/sys/net
# Addresses of pods that nobody has deleted are freed there, by the plugin's records.
- name: addresses
  mountPath: /var/lib/cni/networks
- name: records
  mountPath: /var/lib/cni/overlay
# Where FORWARD drops: iptables' writers take turns by this file.
- name: xtables-lock
  mountPath: /run/xtables.lock
{{- if .Values.ebpf.enabled }}
# Programs and maps of Dataplane:Tier Ebpf stay there over a restart.
- name: bpf
  mountPath: /sys/fs/bpf
{{- end }}
{{- end -}}

{{- define "overlay.hostVolumes" -}}
- name: run
  hostPath:
    path: /run/overlay
    type: DirectoryOrCreate
- name: subnet
  hostPath:
    path: /run/flannel
    type: DirectoryOrCreate
- name: state
  hostPath:
    path: /var/lib/overlay
    type: DirectoryOrCreate
- name: sysctls
  hostPath:
    path: /proc/sys/net
    type: Directory
- name: addresses
  hostPath:
    path: /var/lib/cni/networks
    type: DirectoryOrCreate
- name: records
  hostPath:
    path: /var/lib/cni/overlay
    type: DirectoryOrCreate
- name: xtables-lock
  hostPath:
    path: /run/xtables.lock
    type: FileOrCreate
{{- if .Values.ebpf.enabled }}
# There wherever the kernel has bpf(2), whether a bpffs is mounted or not.
- name: bpf
  hostPath:
    path: /sys/fs/bpf
    type: Directory
{{- end }}
{{- end -}}

{{- define "overlay.cniVolumes" -}}
- name: cni-bin
  hostPath:
    path: {{ .Values.cniBinDir }}
    type: DirectoryOrCreate
- name: cni-config
  hostPath:
    path: {{ .Values.cniConfDir }}
    type: DirectoryOrCreate
{{- end -}}

{{- /* The plugin's own paths are the same in every container; only the host's differ. */ -}}
{{- define "overlay.cniMounts" -}}
- name: cni-bin
  mountPath: /opt/cni/bin
- name: cni-config
  mountPath: /etc/cni/net.d
{{- end -}}

{{- define "overlay.config" -}}
net-conf.json: |
  {
    {{- if .Values.podCidr }}
    "Network": {{ .Values.podCidr | quote }},
    {{- else }}
    "EnableIPv4": false,
    {{- end }}
    {{- if .Values.podCidrv6 }}
    "EnableIPv6": true,
    "IPv6Network": {{ .Values.podCidrv6 | quote }},
    {{- end }}
    "Backend": {
      "Type": "vxlan",
      {{- if .Values.mtu }}
      "MTU": {{ .Values.mtu | int }},
      {{- end }}
      {{- if .Values.directRouting }}
      "DirectRouting": true,
      {{- end }}
      "VNI": {{ .Values.vni | int }},
      "Port": {{ .Values.backendPort | int }}
    }
  }
overlay.json: |
  {
    "Overlay": {
      "KeepAtStop": true,
      "HandOver": "Wait",
      "ServiceCidrs": {{ .Values.serviceCidrs | toJson }},
      "ControlPlane": {
        "Kind": "Kubernetes",
        "Kubernetes": { "NetConf": "/etc/overlay/net-conf.json" }
      }
    }
  }
{{- end -}}
