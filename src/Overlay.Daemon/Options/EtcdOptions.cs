namespace Overlay.Daemon;

/// <summary>How etcd is reached, and where in it flannel's keys are.</summary>
public sealed record EtcdOptions
{
    /// <summary>Base addresses of members, http or https; tried in turn.</summary>
    public required IReadOnlyList<Uri> Endpoints { get; init; }

    /// <summary>Root of the keys, without a slash at its end.</summary>
    public required string Prefix { get; init; }

    /// <summary>Certificates of authorities to trust, PEM; null for the host's.</summary>
    public string? CaFile { get; init; }

    /// <summary>This client's certificate, PEM; null for none.</summary>
    public string? CertFile { get; init; }

    /// <summary>The key of <see cref="CertFile"/>.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Name to authenticate with; null for none.</summary>
    public string? Username { get; init; }

    /// <summary>The password of <see cref="Username"/>.</summary>
    public string? Password { get; init; }

    /// <summary>How long before its lease runs out this node renews it.</summary>
    public required TimeSpan RenewMargin { get; init; }
}
