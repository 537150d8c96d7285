using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.Lab.Demo;

/// <summary>Two nodes with two pods each, and the proof that every pod reaches every other.</summary>
internal static partial class Demo
{
    private const int Port = 5001;

    public static int Run(bool keep)
    {
        // The last word is the demo's, also after Ctrl-C.
        Interruption.ProgramEndsItself = true;
        string? why = null;
        try
        {
            using LabNetwork lab = LabNetwork.Create(
                new LabOptions { Name = "demo", PodsPerNode = 2 });
            Prove(lab);
            if (keep)
            {
                lab.Keep();
                SayWhatToTry(lab);
            }
        }
        catch (Exception exception) when (!Interruption.Token.IsCancellationRequested)
        {
            Console.WriteLine(exception.Message);
            why = exception.Message.Split('\n', 2)[0].TrimEnd(':', ' ');
        }
        catch (Exception)
        {
            // Whatever was under way failed because the lab was taken down under it.
        }

        if (Interruption.Token.IsCancellationRequested)
        {
            why = "interrupted";
        }

        Console.WriteLine(why is null ? "demo: pass" : $"demo: fail: {why}");
        return why is null ? 0 : 1;
    }

    private static void Prove(LabNetwork lab)
    {
        Console.WriteLine($"\n{Picture.Draw(lab)}\n");
        lab.StartDaemons();
        (Pod From, Pod To)[] pairs =
            [.. lab.Pods.SelectMany(from => lab.Pods.Where(to => to.Node != from.Node).Select(to => (from, to)))];

        // The daemons learn of each other a moment after each is up.
        foreach (IPAddress address in pairs[0].To.Addresses)
        {
            pairs[0].From.WaitForPing(address);
        }

        Console.WriteLine("Every pod pings every pod on the other node:");
        foreach ((Pod from, Pod to) in pairs)
        {
            IEnumerable<string> answers = to.Addresses.Select(address => Ping(from, address));
            Console.WriteLine($"  {from.Name} -> {to.Name}  {string.Join("   ", answers)}");
        }

        (Pod client, Pod server) = pairs[0];
        Console.WriteLine($"TCP, one stream, three seconds, {client.Name} -> {server.Name}:");
        Console.WriteLine($"  IPv4  {Throughput(client, server, server.AddressV4!)} Gbit/s");
        Console.WriteLine($"  IPv6  {Throughput(client, server, server.AddressV6!, "-V")} Gbit/s");

        Node node = lab.Nodes[0];
        foreach (string command in new[] { "peers", "counters" })
        {
            Console.WriteLine($"overlayctl {command}, on node {node.Name}:");
            Console.WriteLine(node.Overlayctl(command).EnsureSuccess().Output.TrimEnd());
        }
    }

    private static string Ping(Pod from, IPAddress target)
    {
        CommandResult result = from.Ping(target, count: 3).EnsureSuccess();
        Match times = RoundTrip().Match(result.Output);
        if (!times.Success)
        {
            throw new LabException($"{from.Name} pings {target}, but ping tells no times: {result}");
        }

        return $"{target} {times.Groups["average"].Value} ms";
    }

    private static string Throughput(Pod client, Pod server, IPAddress address, params string[] family)
    {
        string port = Port.ToString(CultureInfo.InvariantCulture);
        BackgroundProcess listening = server.Start("iperf", ["-s", "-p", port, .. family]);
        server.WaitForListener(Port);
        CommandResult result = client.Run(
            TimeSpan.FromSeconds(20),
            "iperf",
            ["-c", address.ToString(), "-p", port, "-Z", "cubic", "-t", "3", "-f", "g", .. family]).EnsureSuccess();
        listening.Stop();
        Match rate = Rate().Match(result.Output);
        return rate.Success && double.Parse(rate.Groups["rate"].Value, CultureInfo.InvariantCulture) > 0
            ? rate.Groups["rate"].Value
            : throw new LabException($"no TCP throughput from {client.Name} to {address}: {result}");
    }

    private static void SayWhatToTry(LabNetwork lab)
    {
        Pod from = lab.Nodes[0].Pods[0];
        Pod to = lab.Nodes[1].Pods[0];
        string overlayctl = $"\"{ProductBinary.Find("overlayctl")}\" --socket {lab.Nodes[0].Socket}";
        Console.WriteLine($"""

            The lab stays up. Try, as root:
              ip netns exec {from.Namespace} ping {to.AddressV4}
              ip netns exec {from.Namespace} ping {to.AddressV6}
              ip netns exec {lab.Nodes[0].Namespace} tcpdump -n -i eth0 udp port {lab.Options.Port}
              {overlayctl} status
              {overlayctl} peers
              {overlayctl} counters
            Logs and configurations: {lab.Directory}
            Remove it: deploy/demo.sh --clean
            """);
    }

    [GeneratedRegex(@"= [\d.]+/(?<average>[\d.]+)/")]
    private static partial Regex RoundTrip();

    [GeneratedRegex(@"(?<rate>[\d.]+) Gbits/sec")]
    private static partial Regex Rate();
}
