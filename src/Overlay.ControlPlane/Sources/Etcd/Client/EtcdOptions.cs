namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>How to reach etcd, and what is kept there how long. Immutable.</summary>
public sealed record EtcdOptions
{
    /// <summary>flannel's key root.</summary>
    public const string DefaultPrefix = "/coreos.com/network";

    /// <summary>How long flannel's leases live.</summary>
    public static readonly TimeSpan FlannelTtl = TimeSpan.FromHours(24);

    /// <summary>Members of one cluster, in the order they are tried; <c>http</c> or <c>https</c>.</summary>
    public required IReadOnlyList<Uri> Endpoints { get; init; }

    /// <summary>The root of the network's keys; a slash at the end is ignored.</summary>
    public string Prefix { get; init; } = DefaultPrefix;

    /// <summary>
    /// PEM file of the authorities that may have signed a member's certificate; null for the host's own.
    /// </summary>
    public string? CaFile { get; init; }

    /// <summary>PEM file of the certificate this node shows, with those between it and the authority.</summary>
    /// <remarks>Its common name is the user, where etcd has users and <see cref="Username"/> is null.</remarks>
    public string? CertFile { get; init; }

    /// <summary>PEM file of that certificate's key.</summary>
    public string? KeyFile { get; init; }

    /// <summary>One of etcd's own users; null for none.</summary>
    public string? Username { get; init; }

    public string? Password { get; init; }

    /// <summary>How long before its end the lease is renewed.</summary>
    public TimeSpan RenewMargin { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>How long the lease outlives the daemon. Whole seconds.</summary>
    public TimeSpan LeaseTtl { get; init; } = FlannelTtl;

    /// <summary>How long a member may take to answer before the next one is asked.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The time that a watch may be silent before it is opened anew.</summary>
    /// <remarks>
    /// Pings find a member that has vanished within 15 s, and a live one reports its progress every 10 minutes: the
    /// limit is for a member whose connection lives and whose watch does not.
    /// </remarks>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// How long a node that lost a race for a subnet waits before it looks again; ten times as long after several.
    /// </summary>
    public TimeSpan RaceWait { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// How long another daemon must have left this node's key alone before it is written again; doubled each time.
    /// </summary>
    public TimeSpan QuietTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many keys are asked for at once.</summary>
    public int PageSize { get; init; } = 1000;

    /// <summary>The most changes that come at once: etcd joins up to 1000 revisions, each of up to 128.</summary>
    public int MostChanges { get; init; } = 262_144;

    /// <summary>The most keys of a list, each a node's: pages may go on without end.</summary>
    public int MostKeys { get; init; } = 65_536;

    /// <summary>Gives the environment variables that name proxies.</summary>
    internal Func<string, string?> Variables { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>The place alone: the password is secret, and a URL may have another.</summary>
    public override string ToString() => $"{Shown(Endpoints)} {Prefix}";

    /// <summary>The members' URLs without what may be a password in them.</summary>
    internal static string Shown(IEnumerable<Uri> endpoints) => string.Join(',', endpoints.Select(
        static uri => uri.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)));
}
