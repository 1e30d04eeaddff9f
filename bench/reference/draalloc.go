// Command draalloc answers one emitted input with the allocator of Kubernetes' scheduler, for bench/allocate.py --beside.
//
// It is built outside the repository, for it needs Go and Kubernetes' modules:
//
//	mkdir draalloc && cd draalloc && go mod init draalloc && cp …/bench/reference/draalloc.go main.go
//	GOFLAGS=-mod=mod go get k8s.io/dynamic-resource-allocation@v0.37.2 && GOFLAGS=-mod=mod go build
//
// A runner in any other language does as well: it gets the path of a file {slices, classes, claims | pods, nodes,
// allocated, features} and prints a JSON object with `numFits`, the nodes that have room for the claims or the pods
// that were placed, and `totalNs`, the time from loaded objects to all answers. Here that includes NewAllocator, and
// not the compilation of CEL; pods go, one after the other, to the first node that has room.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"time"

	core "k8s.io/api/core/v1"
	api "k8s.io/api/resource/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/dynamic-resource-allocation/cel"
	"k8s.io/dynamic-resource-allocation/structured"
)

const limit = 60 * time.Second // for all answers together

type pod struct {
	Name   string               `json:"name"`
	Claims []*api.ResourceClaim `json:"claims"`
}

type input struct {
	Slices    []*api.ResourceSlice                    `json:"slices"`
	Classes   []*api.DeviceClass                      `json:"classes"`
	Claims    []*api.ResourceClaim                    `json:"claims"`
	Pods      []pod                                   `json:"pods"`
	Nodes     []*core.Node                            `json:"nodes"`
	Allocated []struct{ Driver, Pool, Device string } `json:"allocated"`
	Features  []string                                `json:"features"`
}

type answer struct {
	Name    string                 `json:"name"`
	Pod     string                 `json:"pod,omitempty"`
	Fits    bool                   `json:"fits"`
	Results []api.AllocationResult `json:"results,omitempty"`
	Error   string                 `json:"error,omitempty"`
}

type output struct {
	TotalNs int64    `json:"totalNs"`
	NumFits int      `json:"numFits"`
	Steps   int64    `json:"steps"`
	Nodes   []answer `json:"nodes"`
}

type classes []*api.DeviceClass

func (all classes) List() ([]*api.DeviceClass, error) { return all, nil }

func (all classes) Get(name string) (*api.DeviceClass, error) {
	for _, each := range all {
		if each.Name == name {
			return each, nil
		}
	}
	return nil, fmt.Errorf("no class %s", name)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (in *input) features() (features structured.Features) {
	for _, name := range in.Features {
		reflect.ValueOf(&features).Elem().FieldByName(name).SetBool(true)
	}
	return features
}

// compiled is a cache that has all expressions of the input, so that their compilation is not timed.
func (in *input) compiled() *cel.Cache {
	cache := cel.NewCache(1000, cel.Features{EnableConsumableCapacity: in.features().ConsumableCapacity})
	for _, each := range in.Classes {
		for _, selector := range each.Spec.Selectors {
			cache.GetOrCompile(selector.CEL.Expression)
		}
	}
	for _, each := range append([]pod{{Claims: in.Claims}}, in.Pods...) {
		for _, claim := range each.Claims {
			for _, request := range claim.Spec.Devices.Requests {
				if request.Exactly == nil {
					continue // the alternatives of firstAvailable are compiled when they are needed
				}
				if request.Exactly == nil {
					continue // alternatives are compiled when they are met
				}
				for _, selector := range request.Exactly.Selectors {
					cache.GetOrCompile(selector.CEL.Expression)
				}
			}
		}
	}
	return cache
}

func main() {
	data, err := os.ReadFile(os.Args[1])
	must(err)
	var in input
	must(json.Unmarshal(data, &in))
	used := sets.New[structured.DeviceID]()
	for _, each := range in.Allocated {
		used.Insert(structured.MakeDeviceID(each.Driver, each.Pool, each.Device))
	}
	cache, out := in.compiled(), output{}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	pods := in.Pods
	if len(pods) == 0 {
		pods = []pod{{Claims: in.Claims}}
	}
	start := time.Now()
	for _, each := range pods {
		state := structured.AllocatedState{AllocatedDevices: used, AggregatedCapacity: structured.NewConsumedCapacityCollection()}
		allocator, err := structured.NewAllocator(ctx, in.features(), state, classes(in.Classes), in.Slices, cache)
		must(err)
		for _, node := range in.Nodes {
			results, err := allocator.Allocate(ctx, node, each.Claims)
			found := answer{Name: node.Name, Pod: each.Name, Fits: err == nil && results != nil, Results: results}
			if err != nil {
				found.Error = err.Error()
			}
			if each.Name == "" || found.Fits {
				out.Nodes = append(out.Nodes, found)
			}
			if found.Fits {
				out.NumFits++
			}
			if each.Name != "" && found.Fits { // a pod takes what it is given
				for _, result := range results {
					for _, device := range result.Devices.Results {
						used.Insert(structured.MakeDeviceID(device.Driver, device.Pool, device.Device))
					}
				}
				break
			}
		}
		out.Steps += reflect.ValueOf(allocator).MethodByName("GetStats").Call(nil)[0].Field(0).Int()
	}
	out.TotalNs = time.Since(start).Nanoseconds()
	must(json.NewEncoder(os.Stdout).Encode(out))
}
