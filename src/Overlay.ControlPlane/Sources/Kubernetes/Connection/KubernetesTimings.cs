namespace Overlay.ControlPlane.Sources.Kubernetes.Connection;

/// <summary>Times of the talk with an API server; client-go's where it has them. Immutable.</summary>
internal sealed record KubernetesTimings
{
    /// <summary>How long an HTTP/2 connection is quiet before it is pinged.</summary>
    public TimeSpan KeepAlivePingDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a ping may stay without an answer; then the connection is given up.</summary>
    public TimeSpan KeepAlivePingTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a request for one object may take.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a list or a watch may wait for its first byte: a busy server queues them.</summary>
    public TimeSpan QueueTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long nothing may come. A live server sends a bookmark a minute.</summary>
    public TimeSpan SilenceTimeout { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>
    /// How long a watch is asked for, at least; at most twice that, by chance, so that watches do not end together.
    /// </summary>
    public TimeSpan WatchTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// A watch that ends sooner than that is not asked for again at once; one that lasts as long is a watch.
    /// </summary>
    public TimeSpan ShortWatch { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the state is read by lists after a watch that was to tell it has failed.</summary>
    public TimeSpan StateWatchPause { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Upper bound of the first wait after a failure; doubled with every further one.</summary>
    public TimeSpan FirstBackoff { get; init; } = TimeSpan.FromMilliseconds(800);

    /// <summary>Upper bound of every wait after a refusal.</summary>
    public TimeSpan LongestBackoff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Upper bound of every wait while the server is away, after which nodes are back within 5 s.</summary>
    public TimeSpan LongestAwayBackoff { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long without a failure until waits begin from the first again.</summary>
    public TimeSpan HealthyAfter { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The time that a token or a client certificate is used before its file is read again.</summary>
    public TimeSpan CredentialAge { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a credential plugin may take. Cloud providers' own ask their service.</summary>
    public TimeSpan PluginLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long after the start, at least, it is first looked for network policies; at most twice that.
    /// </summary>
    public TimeSpan FirstPolicyCheck { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The pause between two looks for network policies, at least; at most twice that.</summary>
    public TimeSpan PolicyCheck { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The pause before a list that is not believed is read again.</summary>
    public TimeSpan DoubtPause { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The wait before annotations that somebody changed are written for the second time; doubled with every further
    /// one.
    /// </summary>
    public TimeSpan FirstRepairPause { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest such wait.</summary>
    public TimeSpan LongestRepairPause { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long annotations must stay as written until the next repair counts as the first again.</summary>
    public TimeSpan RepairMemory { get; init; } = TimeSpan.FromMinutes(15);
}
