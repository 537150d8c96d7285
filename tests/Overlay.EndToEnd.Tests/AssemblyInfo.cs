// Two labs at a time: their namespaces do not touch, and while one test waits another computes.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]
[assembly: TestCollectionOrderer("Overlay.EndToEnd.Tests.LongestFirst", "Overlay.EndToEnd.Tests")]
