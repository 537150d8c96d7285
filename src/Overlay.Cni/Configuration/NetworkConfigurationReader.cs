using System.Text.Json;
using Overlay.Cni.Protocol;
using Overlay.Cni.Wiring;
using Overlay.Host.Files;
using Overlay.Pods.Names;
using Overlay.Wire.Values;

namespace Overlay.Cni.Configuration;

/// <summary>Reads a <see cref="NetworkConfiguration"/>, in our own form and in that of flannel's plugin.</summary>
internal static class NetworkConfigurationReader
{
    private const uint MtuLimit = 65535;

    /// <exception cref="CniException">Code 7: names the key, its value and an example.</exception>
    public static NetworkConfiguration Read(
        JsonElement element, byte[] text, string version, CniEnvironment environment)
    {
        CniObject root = new(element, "");
        string name = root.Text("name", "", "\"cbr0\"");
        if (!CniName.IsIdentifier(name))
            throw root.Wrong("name",
                $"'{name}' is not a letter or digit, then letters, digits, '_', '.' and '-'; example: \"cbr0\"");

        CniObject flannel = root.Object("delegate");
        bool isFlannel = flannel.IsPresent || root.Text("type") == "flannel";
        if (isFlannel) RequireBridge(flannel);
        CniObject from = isFlannel ? flannel : root;
        bool attaches = environment.Command is "ADD" or "CHECK" or "STATUS";
        return new()
        {
            Version = version,
            Name = name,
            Text = text,
            Bridge = ReadBridge(from, isFlannel),
            Mtu = from.Number("mtu", 0, MtuLimit, "1450"),
            Mac = attaches ? ReadMac(root, environment) : null,
            SubnetFile = PathOr(root, "subnetFile", NodePaths.SubnetFile),
            AdminSocket = PathOr(root, "adminSocket", NodePaths.AdminSocket),
            StateDirectory = root.Text("stateDirectory"),
            FlannelDataDirectory = PathOr(root, "dataDir", "/var/lib/cni/flannel"),
            Ipam = IpamSettingsReader.Read(root, environment, isFlannel, attaches),
            Dns = CniResultReader.ReadDns(root.Object("dns")),
            PreviousResult = ReadPrevious(root, environment.Command),
            ValidAttachments = environment.Command == "GC" ? ReadAttachments(root) : null,
        };
    }

    private static CniResult? ReadPrevious(CniObject root, string command)
    {
        if (command is not ("CHECK" or "DEL")) return null;
        try
        {
            return root.Object("prevResult") is { IsPresent: true } previous
                ? CniResultReader.Read(previous.Element, "prevResult.")
                : null;
        }
        catch (CniException) when (command == "DEL")
        {
            // A pod's addresses must go, whatever is told of them.
            return null;
        }
    }

    // Empty is as good as missing, as it is for programs in Go.
    private static string PathOr(CniObject root, string key, string otherwise) =>
        root.Text(key, "", $"\"{otherwise}\"") is { Length: > 0 } path ? path : otherwise;

    // Flannel's plugin writes these two itself, and so leaves no room for them. Of bridges there is one here: ours.
    private static void RequireBridge(CniObject flannel)
    {
        if (flannel.Has("name"))
            throw flannel.Wrong("name", "is not allowed; the network's name is that of the whole configuration");
        if (flannel.Has("ipam")) throw flannel.Wrong("ipam", "is not allowed; ipam stands beside delegate");
        string type = flannel.Text("type", "bridge");
        if (type != "bridge")
            throw flannel.Wrong("type", $"'{type}' is not supported; only \"bridge\" is, which this plugin is itself");
    }

    // Below delegate the defaults are those of the bridge plugin, as flannel's plugin calls it.
    private static BridgeSettings ReadBridge(CniObject from, bool isFlannel)
    {
        string name = from.Text("bridge", "cni0", "\"cni0\"");
        if (!CniName.IsInterface(name))
            throw from.Wrong("bridge", $"'{name}' is not the name of an interface; example: \"cni0\"");
        bool isDefaultGateway = from.Flag("isDefaultGateway", !isFlannel);
        return new()
        {
            Name = name,
            IsGateway = from.Flag("isGateway", true) || isDefaultGateway,
            IsDefaultGateway = isDefaultGateway,
            ForceAddress = from.Flag("forceAddress", false),
            HairpinMode = from.Flag("hairpinMode", !isFlannel),
            PromiscuousMode = from.Flag("promiscMode", false),
        };
    }

    private static MacAddress? ReadMac(CniObject root, CniEnvironment environment)
    {
        foreach (CniObject from in (ReadOnlySpan<CniObject>)[root.Object("runtimeConfig"), root.Object("args")
            .Object("cni"), root])
        {
            string text = from.Text("mac", "", "\"02:00:00:00:00:0a\"");
            if (text.Length == 0) continue;
            return MacAddress.TryParse(text, out MacAddress mac) && !mac.IsMulticast && !mac.IsZero
                ? mac
                : throw from.Wrong(
                    "mac", $"'{text}' is not the MAC address of an interface; example: 02:00:00:00:00:0a");
        }

        return environment.Arguments.Mac;
    }

    private static List<(string ContainerId, string InterfaceName)>? ReadAttachments(CniObject root)
    {
        // The second name is libcni's, from before its spelling was corrected. Without either, nothing is known to be
        // garbage; null is Go's form of an empty list.
        string key = root.Has("cni.dev/valid-attachments") ? "cni.dev/valid-attachments" : "cni.dev/attachments";
        if (!root.Names("cni.dev/valid-attachments") && !root.Names("cni.dev/attachments")) return null;
        List<(string ContainerId, string InterfaceName)> valid = [];
        foreach (CniObject attachment in root.Objects(key))
            valid.Add((attachment.Text("containerID"), attachment.Text("ifname")));
        return valid;
    }
}
