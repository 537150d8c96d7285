using System.Diagnostics;
using System.Globalization;
using System.Net;
using Overlay.Lab.Processes;

namespace Overlay.Lab.Namespaces;

/// <summary>A network namespace of the lab, and the ways to run something inside it.</summary>
public class NetworkNamespace
{
    private static readonly TimeSpan _addressPatience = TimeSpan.FromSeconds(5);

    internal NetworkNamespace(LabScope scope, string suffix)
    {
        Scope = scope;
        Namespace = scope.AddNamespace(suffix);
        Set("net/ipv4/conf/all/rp_filter", "0");
        Set("net/ipv4/conf/default/rp_filter", "0");

        // Duplicate address detection holds an address back for a second or two; both keys must say no.
        foreach (string devices in new[] { "all", "default" })
        {
            Set($"net/ipv6/conf/{devices}/accept_dad", "0");
            Set($"net/ipv6/conf/{devices}/accept_ra", "0");
            Set($"net/ipv6/conf/{devices}/router_solicitations", "0");
        }

        Ip("link set lo up");
    }

    /// <summary>The name `ip netns` knows it by.</summary>
    public string Namespace { get; }

    protected LabScope Scope { get; }

    /// <summary>Runs a program inside, to its end, for at most 30 seconds.</summary>
    public CommandResult Run(string program, params IEnumerable<string> arguments) =>
        Run(Command.DefaultLimit, program, arguments);

    /// <summary>Runs a program inside; one that takes longer is ended, and TimeoutException thrown.</summary>
    public CommandResult Run(TimeSpan limit, string program, params IEnumerable<string> arguments) =>
        Command.Run(limit, "ip", ["netns", "exec", Namespace, program, .. arguments]);

    /// <summary>Starts a program inside that runs until it is stopped, or the lab goes.</summary>
    public BackgroundProcess Start(string program, params IEnumerable<string> arguments) =>
        Scope.Start(this, program, log => new BackgroundProcess(Namespace, log, program, arguments));

    /// <summary>Runs code of this process inside; see <see cref="NamespaceThread"/>.</summary>
    public T Invoke<T>(Func<T> action) => NamespaceThread.Invoke(Namespace, action);

    public void Invoke(Action action) => NamespaceThread.Invoke(Namespace, () =>
    {
        action();
        return true;
    });

    /// <summary>Writes a sysctl, e.g. ("net/ipv4/ip_forward", "1").</summary>
    public void Set(string sysctl, string value) => Invoke(() => File.WriteAllText($"/proc/sys/{sysctl}", value));

    public string Get(string sysctl) => Invoke(() => File.ReadAllText($"/proc/sys/{sysctl}").Trim());

    /// <summary>Runs lines of `ip` in one process; the first that fails throws.</summary>
    public void Ip(params IEnumerable<string> lines) => Batch("ip", lines);

    /// <summary>
    /// Waits until packets for a new IPv6 address are its own: the kernel makes the route for that a moment after the
    /// address, also without duplicate address detection (net/ipv6/addrconf.c, addrconf_dad_work), and forwards or
    /// refuses them before.
    /// </summary>
    public void WaitForAddress(string address)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (Run("ip", "-6", "route", "show", "table", "local", address).Output.Length == 0)
        {
            if (watch.Elapsed > _addressPatience) throw new LabException($"{address} is not usable in {Namespace}");
        }
    }

    /// <summary>Runs lines of `bridge` in one process; the first that fails throws.</summary>
    public void Bridge(params IEnumerable<string> lines) => Batch("bridge", lines);

    /// <summary>Sends pings in quick succession; exit code 0 = at least one was answered.</summary>
    public CommandResult Ping(IPAddress target, int count = 2, params IEnumerable<string> options)
    {
        string[] basic = ["-n", "-c", count.ToString(CultureInfo.InvariantCulture), "-i", "0.05", "-W", "1"];
        return Run(TimeSpan.FromSeconds(10 + (2 * count)), "ping", [.. basic, .. options, target.ToString()]);
    }

    /// <summary>Pings until it is answered: for what takes effect a moment later.</summary>
    public void WaitForPing(IPAddress target, TimeSpan? limit = null)
    {
        Stopwatch watch = Stopwatch.StartNew();
        CommandResult last;
        while (!(last = Ping(target, 1)).Succeeded)
        {
            if (watch.Elapsed > (limit ?? TimeSpan.FromSeconds(10)))
            {
                throw new LabException($"no answer for {watch.Elapsed.TotalSeconds:0.#} s: {last}");
            }
        }
    }

    /// <summary>Waits until something listens on a TCP port inside.</summary>
    public void WaitForListener(int port, TimeSpan? limit = null)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (Run("ss", "-Hltn", $"sport = :{port}").EnsureSuccess().Output.Length == 0)
        {
            if (watch.Elapsed > (limit ?? TimeSpan.FromSeconds(10)))
            {
                throw new LabException($"nothing listens on TCP port {port} in {Namespace}");
            }

            Thread.Sleep(20);
        }
    }

    /// <summary>Waits until a program has made a network device inside.</summary>
    public void WaitForDevice(string device, TimeSpan? limit = null)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!Run("ip", "link", "show", device).Succeeded)
        {
            if (watch.Elapsed > (limit ?? TimeSpan.FromSeconds(10)))
            {
                throw new LabException($"no device {device} in {Namespace}");
            }

            Thread.Sleep(20);
        }
    }

    /// <summary>Waits until every bridge port inside forwards, and no address is tentative.</summary>
    internal void WaitForPorts()
    {
        // The kernel announces a new link's carrier up to a second late; until then the bridge drops its frames.
        Stopwatch watch = Stopwatch.StartNew();
        while (Ports().Any(port => !port.Contains("state forwarding", StringComparison.Ordinal))
            || Run("ip", "-6", "address", "show", "tentative").EnsureSuccess().Output.Length > 0)
        {
            if (watch.Elapsed > TimeSpan.FromSeconds(10))
            {
                throw new LabException($"bridge ports do not come up in {Namespace}:\n{string.Join('\n', Ports())}");
            }

            Thread.Sleep(20);
        }
    }

    private IEnumerable<string> Ports() => Command.Require("bridge", "-n", Namespace, "link", "show")
        .Split('\n')
        .Where(line => line.Contains(" master ", StringComparison.Ordinal));

    private void Batch(string program, IEnumerable<string> lines)
    {
        string input = string.Join('\n', lines) + "\n";
        CommandResult result = Command.Run(
            Command.DefaultLimit, program, ["-n", Namespace, "-batch", "-"], input);
        if (!result.Succeeded)
        {
            throw new LabException($"{result}\nthe lines were:\n{input}");
        }
    }
}
