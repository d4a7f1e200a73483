// Kube holds manifests to the types of Kubernetes itself: unknown fields, fields
// given twice and values of the wrong kind are errors.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) < 2 {
		fail(errors.New("name the manifests"))
	}
	for _, name := range os.Args[1:] {
		if err := check(name); err != nil {
			fail(fmt.Errorf("%s: %w", name, err))
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "kube:", err)
	os.Exit(1)
}

func check(name string) error {
	source, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	documents := kyaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(source)))
	n := 0
	for buf := make([]byte, 1<<20); ; n++ {
		size, err := documents.Read(buf)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err := one(buf[:size]); err != nil {
			return fmt.Errorf("document %d: %w", n+1, err)
		}
	}
	if n == 0 {
		return errors.New("it holds nothing")
	}
	fmt.Printf("kube: %s: %d objects are as Kubernetes has them\n", name, n)
	return nil
}

func one(text []byte) error {
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal(text, &kind); err != nil {
		return err
	}
	object := map[string]any{
		"v1 Service": new(corev1.Service), "apps/v1 Deployment": new(appsv1.Deployment),
		"policy/v1 PodDisruptionBudget": new(policyv1.PodDisruptionBudget), "networking.k8s.io/v1 NetworkPolicy": new(networkingv1.NetworkPolicy),
	}[kind.APIVersion+" "+kind.Kind]
	if object == nil {
		return fmt.Errorf("%s %s is not known here", kind.APIVersion, kind.Kind)
	}
	return yaml.UnmarshalStrict(text, object)
}
