using System.Globalization;
using System.Net;

namespace Overlay.Bench.Rig.Peers;

/// <summary>
/// Lease files of nodes that do not exist: they make a forwarding table as large as a large cluster's.
/// </summary>
internal sealed class AbsentNodes(int count)
{
    /// <summary>Holds the rig's own pods and, in its lower half, a /26 for each absent node.</summary>
    public const string Cluster = "10.0.0.0/8";

    private const uint FirstPod = 0x0a00_0000;
    private const uint FirstUnderlay = 0xac10_0001;
    private const int SubnetBits = 6;

    private readonly List<string> _files = [];

    public void Write(string directory)
    {
        for (int i = 0; i < count; i++)
        {
            string file = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"absent-{i}.json"));
            File.WriteAllText(file, Lease((uint)i));

            // As files are that were not written just now: those are read again at every look.
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddHours(-1));
            _files.Add(file);
        }
    }

    public void Remove()
    {
        _files.ForEach(File.Delete);
        _files.Clear();
    }

    private static string Lease(uint number)
    {
        string mac = $"06:00:{number >> 24:x2}:{(number >> 16) & 255:x2}:{(number >> 8) & 255:x2}:{number & 255:x2}";
        return $$$"""
            {"Subnet":"{{{Address(FirstPod + (number << SubnetBits))}}}/26","SubnetV6":null,
             "PublicIP":"{{{Address(FirstUnderlay + number)}}}","PublicIPv6":null,
             "BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"{{{mac}}}"}}
            """;
    }

    private static IPAddress Address(uint value) =>
        new([(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value]);
}
