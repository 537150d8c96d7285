using Overlay.Fuzzing.Targets;
using Overlay.Host.Files;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Fuzzing.Leases;

/// <summary>subnet.env, as the plugin reads it and as a daemon looks for traces of an earlier one.</summary>
internal sealed class SubnetFileReading : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly string _path;

    public SubnetFileReading() => _path = _directory["subnet.env"];

    public void Run(ReadOnlySpan<byte> text)
    {
        File.WriteAllBytes(_path, text);
        foreach (IpPrefix cidr in SubnetFile.FindPodCidrs(_path)) Invariant.Holds(cidr.Length <= cidr.Address.Bits);
        SubnetFile file;
        try
        {
            file = SubnetFile.Read(_path);
        }
        catch (FormatException refused)
        {
            Sentence.Check(refused.Message);
            return;
        }

        Invariant.Holds(file.PodCidrs.Count is 1 or 2 && file.Mtu is > 0 and <= 65535);
        Invariant.Holds(
            file.PodCidrs.Count == 1
            || (file.PodCidrs[0].Family == IpFamily.IPv4 && file.PodCidrs[1].Family == IpFamily.IPv6),
            "pod CIDRs are of two families, IPv4 first");

        // A pod CIDR of a single address has no gateway in it to stand for it.
        if (file.PodCidrs.Any(static cidr => cidr.Length == cidr.Address.Bits)) return;
        string written = file.Format();
        File.WriteAllText(_path, written);
        Invariant.Holds(SubnetFile.Read(_path).Format() == written, "a subnet file that is written is read as it was");
    }

    public void Dispose() => _directory.Dispose();
}
