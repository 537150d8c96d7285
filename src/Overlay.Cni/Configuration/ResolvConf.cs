using Overlay.Cni.Protocol;
using Overlay.Host.Files;

namespace Overlay.Cni.Configuration;

/// <summary>resolv.conf(5), as the key <c>ipam.resolvConf</c> names one.</summary>
internal static class ResolvConf
{
    private const int MostBytes = 64 * 1024;

    /// <param name="path">Empty: none.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static CniDns Read(string path)
    {
        if (path.Length == 0) return CniDns.None;
        List<string> nameservers = [];
        List<string> search = [];
        List<string> options = [];
        string domain = "";
        foreach (string line in BoundedFile.ReadText(path, MostBytes, "a resolv.conf").Split('\n'))
        {
            string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || words[0][0] is '#' or ';') continue;
            switch (words[0])
            {
                case "nameserver":
                    nameservers.Add(words[1]);
                    break;
                case "domain":
                    domain = words[1];
                    break;
                case "search":
                    search.AddRange(words[1..]);
                    break;
                case "options":
                    options.AddRange(words[1..]);
                    break;
            }
        }

        return new(nameservers, domain, search, options);
    }
}
