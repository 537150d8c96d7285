// Four labs at a time: their namespaces do not touch, and while one test waits others compute.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]
[assembly: TestCollectionOrderer("Overlay.EndToEnd.Tests.LongestFirst", "Overlay.EndToEnd.Tests")]
