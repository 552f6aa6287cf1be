"""The lab's kubelet: plays the pods of all nodes as a kubelet of Kubernetes 1.36 would.

What a pod does follows from what its spec says (`says`), so that repairing the spec heals it and
nothing else does. `life` decides and is pure; `player` does. Lab code, independent of the product.
"""
