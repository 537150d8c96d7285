using System.Globalization;
using System.Net;

namespace Overlay.Bench.Rig.Traffic;

/// <summary>What the programs in the pods are told: the server's address and port, then numbers.</summary>
internal sealed class TrafficArguments(string[] arguments)
{
    private const int Leading = 2;

    public IPEndPoint Server { get; } =
        new(IPAddress.Parse(arguments[0]), int.Parse(arguments[1], CultureInfo.InvariantCulture));

    public int Number(int index) => int.Parse(arguments[Leading + index], CultureInfo.InvariantCulture);

    public TimeSpan Seconds(int index) =>
        TimeSpan.FromSeconds(double.Parse(arguments[Leading + index], CultureInfo.InvariantCulture));
}
