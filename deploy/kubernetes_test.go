package deploy

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

type labels map[string]string

// within tells whether a selector chooses what has these labels. An empty one would choose everything.
func (selector labels) within(has labels) bool {
	for key, value := range selector {
		if has[key] != value {
			return false
		}
	}
	return len(selector) > 0
}

type selection struct {
	MatchLabels labels `yaml:"matchLabels"`
}

type metadata struct {
	Name   string
	Labels labels
}

// A deployment is what these tests need to know of one.
type deployment struct {
	Metadata metadata
	Spec     struct {
		Replicas int
		Selector selection
		Strategy struct {
			RollingUpdate struct {
				MaxUnavailable int `yaml:"maxUnavailable"`
				MaxSurge       int `yaml:"maxSurge"`
			} `yaml:"rollingUpdate"`
		}
		Template struct {
			Metadata metadata
			Spec     podSpec
		}
	}
}

type podSpec struct {
	ServiceAccountName string `yaml:"serviceAccountName"`
	Grace              int    `yaml:"terminationGracePeriodSeconds"`
	SecurityContext    struct {
		RunAsNonRoot bool `yaml:"runAsNonRoot"`
		RunAsUser    int  `yaml:"runAsUser"`
		RunAsGroup   int  `yaml:"runAsGroup"`
	} `yaml:"securityContext"`
	Spread []struct {
		LabelSelector selection `yaml:"labelSelector"`
	} `yaml:"topologySpreadConstraints"`
	Containers []container
	Volumes    []struct {
		Name      string
		ConfigMap struct{ Name string } `yaml:"configMap"`
	}
}

type probe struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
}

type container struct {
	Args  []string
	Ports []struct {
		Name          string
		ContainerPort int `yaml:"containerPort"`
	}
	Env []struct {
		Name      string
		ValueFrom struct {
			SecretKeyRef struct{ Name, Key string } `yaml:"secretKeyRef"`
		} `yaml:"valueFrom"`
	}
	StartupProbe   probe `yaml:"startupProbe"`
	LivenessProbe  probe `yaml:"livenessProbe"`
	ReadinessProbe probe `yaml:"readinessProbe"`
	Lifecycle      struct {
		PreStop struct{ Sleep struct{ Seconds int } } `yaml:"preStop"`
	}
	SecurityContext struct {
		ReadOnly bool  `yaml:"readOnlyRootFilesystem"`
		Escalate *bool `yaml:"allowPrivilegeEscalation"`
	} `yaml:"securityContext"`
	VolumeMounts []struct {
		Name string
		Path string `yaml:"mountPath"`
	} `yaml:"volumeMounts"`
}

// port gives the number of a named port.
func (c container) port(name string) (int, bool) {
	for _, p := range c.Ports {
		if p.Name == name {
			return p.ContainerPort, true
		}
	}
	return 0, false
}

// mount gives the folder at which a ConfigMap is mounted.
func (p podSpec) mount(configMap string) string {
	for _, v := range p.Volumes {
		for _, m := range p.Containers[0].VolumeMounts {
			if v.ConfigMap.Name == configMap && m.Name == v.Name {
				return m.Path
			}
		}
	}
	return ""
}

const kubernetesConfig = "kubernetes/config/shopbell.yaml"

func kubernetes(t *testing.T) (deployment, container) {
	t.Helper()
	d := decode[deployment](t, "kubernetes/deployment.yaml")
	if len(d.Spec.Template.Spec.Containers) != 1 {
		t.Fatalf("want one container, got %d", len(d.Spec.Template.Spec.Containers))
	}
	return d, d.Spec.Template.Spec.Containers[0]
}

func TestKubernetesPod(t *testing.T) {
	d, c := kubernetes(t)
	pod := d.Spec.Template.Spec
	port, ok := c.port("http")
	if !ok || strconv.Itoa(port) != decode[nodeConfig](t, kubernetesConfig).port(t) {
		t.Errorf("the container's port is %d, and shopbell.yaml listens on %s", port, decode[nodeConfig](t, kubernetesConfig).Listen)
	}
	for _, p := range []struct {
		what, path string
		probe      probe
	}{{"startup", "/healthz", c.StartupProbe}, {"liveness", "/healthz", c.LivenessProbe}, {"readiness", "/readyz", c.ReadinessProbe}} {
		if p.probe.HTTPGet.Path != p.path || p.probe.HTTPGet.Port != "http" {
			t.Errorf("the %s probe asks %s of port %s, want %s of http", p.what, p.probe.HTTPGet.Path, p.probe.HTTPGet.Port, p.path)
		}
	}
	needed := time.Duration(c.Lifecycle.PreStop.Sleep.Seconds)*time.Second + drain
	if grace := time.Duration(pod.Grace) * time.Second; grace <= needed || c.Lifecycle.PreStop.Sleep.Seconds < 1 {
		t.Errorf("a grace period of %s does not hold preStop and drain, %s", grace, needed)
	}
	if !pod.SecurityContext.RunAsNonRoot || !c.SecurityContext.ReadOnly || c.SecurityContext.Escalate == nil || *c.SecurityContext.Escalate {
		t.Error("the container may do more than it needs")
	}
	user := "USER " + strconv.Itoa(pod.SecurityContext.RunAsUser) + ":" + strconv.Itoa(pod.SecurityContext.RunAsGroup)
	if !strings.Contains(read(t, "../Dockerfile"), "\n"+user+"\n") {
		t.Errorf("the Dockerfile has no line %q", user)
	}
	if account := decode[struct{ Metadata metadata }](t, "kubernetes/serviceaccount.yaml"); account.Metadata.Name != pod.ServiceAccountName {
		t.Errorf("there is no service account %s", pod.ServiceAccountName)
	}
}

// TestKubernetesUpdate holds that neither an update nor an emptied machine takes the last node away.
func TestKubernetesUpdate(t *testing.T) {
	d, _ := kubernetes(t)
	if r := d.Spec.Strategy.RollingUpdate; d.Spec.Replicas < 2 || r.MaxUnavailable != 0 || r.MaxSurge < 1 {
		t.Errorf("%d replicas, updated with %+v", d.Spec.Replicas, r)
	}
	budget := decode[struct {
		Spec struct {
			MinAvailable int `yaml:"minAvailable"`
		}
	}](t, "kubernetes/pdb.yaml")
	if n := budget.Spec.MinAvailable; n < 1 || n >= d.Spec.Replicas {
		t.Errorf("minAvailable is %d of %d replicas", n, d.Spec.Replicas)
	}
}

func TestKubernetesSelectors(t *testing.T) {
	d, c := kubernetes(t)
	pod := d.Spec.Template.Metadata.Labels
	service := decode[struct {
		Metadata metadata
		Spec     struct {
			Selector labels
			Ports    []struct {
				Name       string
				TargetPort string `yaml:"targetPort"`
			}
		}
	}](t, "kubernetes/service.yaml")
	budget := decode[struct{ Spec struct{ Selector selection } }](t, "kubernetes/pdb.yaml")
	network := decode[struct {
		Spec struct {
			PodSelector selection `yaml:"podSelector"`
		}
	}](t, "kubernetes/networkpolicy.yaml")
	selectors := map[string]labels{"deployment": d.Spec.Selector.MatchLabels, "service": service.Spec.Selector,
		"disruption budget": budget.Spec.Selector.MatchLabels, "network policy": network.Spec.PodSelector.MatchLabels}
	for _, s := range d.Spec.Template.Spec.Spread {
		selectors["topology"] = s.LabelSelector.MatchLabels
	}
	for what, selector := range selectors {
		if !selector.within(pod) {
			t.Errorf("the selector of the %s, %v, does not choose the pods, %v", what, selector, pod)
		}
	}
	for _, p := range service.Spec.Ports {
		if _, ok := c.port(p.TargetPort); !ok {
			t.Errorf("the service sends to port %s, which the container does not have", p.TargetPort)
		}
	}
	if ingress := read(t, "kubernetes/ingress.yaml"); !strings.Contains(ingress, "service: { name: "+service.Metadata.Name+", port: { name: "+service.Spec.Ports[0].Name+" } }") {
		t.Error("the ingress does not send to the service")
	}
}

// TestKubernetesReferences holds that what the pod refers to is there: files of ConfigMaps, keys of the Secret, variables.
func TestKubernetesReferences(t *testing.T) {
	d, c := kubernetes(t)
	custom := decode[kustomization](t, "kubernetes/kustomization.yaml")
	pod, config := d.Spec.Template.Spec, decode[nodeConfig](t, kubernetesConfig)
	for _, v := range pod.Volumes {
		if name := v.ConfigMap.Name; name != "" && !slices.ContainsFunc(custom.ConfigMaps, func(m configMap) bool { return m.Name == name }) {
			t.Errorf("there is no ConfigMap %s", name)
		}
	}
	if at := slices.Index(c.Args, "--config"); at < 0 || c.Args[at+1] != path.Join(pod.mount("shopbell-config"), "shopbell.yaml") {
		t.Errorf("%v does not name the config where it is mounted, %s", c.Args, pod.mount("shopbell-config"))
	}
	if config.Rules != pod.mount("shopbell-rules") {
		t.Errorf("the rules are at %s in shopbell.yaml, and mounted at %s", config.Rules, pod.mount("shopbell-rules"))
	}
	var set, keys []string
	for _, e := range c.Env {
		set, keys = append(set, e.Name), append(keys, e.ValueFrom.SecretKeyRef.Key)
		if e.ValueFrom.SecretKeyRef.Name != "shopbell" {
			t.Errorf("%s does not come from the secret", e.Name)
		}
	}
	same(t, "variables of the pod", set, references(t, kubernetesConfig))
	same(t, "secret.env.example", blanks(t, "kubernetes/secret.env.example"), keys)
}

type configMap struct {
	Name  string
	Files []string
}

type kustomization struct {
	Resources  []string
	ConfigMaps []configMap `yaml:"configMapGenerator"`
	Images     []struct{ Name string }
}

// TestKustomization holds that it names every manifest, or offers it in a comment, and nothing else.
func TestKustomization(t *testing.T) {
	custom, text := decode[kustomization](t, "kubernetes/kustomization.yaml"), read(t, "kubernetes/kustomization.yaml")
	names, err := filepath.Glob("kubernetes/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if base := filepath.Base(name); base != "kustomization.yaml" && !strings.Contains(text, "- "+base) {
			t.Errorf("%s is not in kustomization.yaml", base)
		}
	}
	files := slices.Clone(custom.Resources)
	for _, m := range custom.ConfigMaps {
		files = append(files, m.Files...)
	}
	for _, name := range files {
		if _, err := os.Stat(filepath.Join("kubernetes", name)); err != nil {
			t.Error(err)
		}
	}
	if len(custom.Images) != 1 || !strings.Contains(read(t, "kubernetes/deployment.yaml"), "image: "+custom.Images[0].Name+" ") {
		t.Error("the image of the deployment is not the one that kustomization.yaml names")
	}
}
