using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.RegularExpressions;

namespace Overlay.ControlPlane.Sources.Kubernetes.Nodes;

/// <summary>The names of a network's annotations on Nodes, by flannel's rules. Immutable.</summary>
public sealed partial class AnnotationKeys
{
    private readonly string _prefix;
    private readonly byte[] _utf8Prefix;

    private AnnotationKeys(string prefix)
    {
        _prefix = prefix;
        _utf8Prefix = Encoding.UTF8.GetBytes(prefix);
    }

    /// <summary><c>true</c> on nodes whose other annotations count.</summary>
    public string Managed => _prefix + "kube-subnet-manager";

    /// <summary>The name of the backend: <c>vxlan</c>.</summary>
    public string BackendType => _prefix + "backend-type";

    /// <summary>The VTEP at the IPv4 address: <c>{"VNI":1,"VtepMAC":"…"}</c>.</summary>
    public string BackendData => _prefix + "backend-data";

    /// <summary>The VTEP at the IPv6 address.</summary>
    public string BackendV6Data => _prefix + "backend-v6-data";

    /// <summary>The IPv4 address peers send to.</summary>
    public string PublicIp => _prefix + "public-ip";

    /// <summary>The IPv6 address peers send to.</summary>
    public string PublicIpV6 => _prefix + "public-ipv6";

    /// <summary>An operator's: published as <see cref="PublicIp"/> in place of the node's own address.</summary>
    public string PublicIpOverwrite => _prefix + "public-ip-overwrite";

    /// <summary>The same for IPv6.</summary>
    public string PublicIpV6Overwrite => _prefix + "public-ipv6-overwrite";

    /// <summary>An operator's: the IPv4 address the node is to use and publish.</summary>
    public string NodePublicIp => _prefix + "node-public-ip";

    /// <summary>The same for IPv6.</summary>
    public string NodePublicIpV6 => _prefix + "node-public-ipv6";

    internal string Prefix => _prefix;

    internal ReadOnlySpan<byte> Utf8Prefix => _utf8Prefix;

    /// <summary>
    /// Takes <c>flannel.alpha.coreos.com</c>, or <c>example.com/blue</c> for names that begin with
    /// <c>example.com/blue-</c>.
    /// </summary>
    public static bool TryParse(string prefix, [NotNullWhen(true)] out AnnotationKeys? keys)
    {
        string full = prefix.Contains('/') ? prefix : prefix + '/';
        if (!full.EndsWith('/') && !full.EndsWith('-')) full += '-';
        keys = Form().IsMatch(full) ? new(full) : null;
        return keys is not null;
    }

    // A name with at least one dot, a slash, and nothing or a word that ends in a hyphen.
    [GeneratedRegex(@"\A(?:[a-z0-9_-]+\.)+[a-z0-9_-]+/(?:[a-z0-9_-]+-)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
