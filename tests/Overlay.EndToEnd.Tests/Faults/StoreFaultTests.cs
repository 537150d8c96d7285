using System.Net;
using Overlay.Lab.Vxlan;

namespace Overlay.EndToEnd.Tests.Faults;

/// <summary>
/// Faults of the store: packets go on by the table that there is. The same of etcd and of the Kubernetes API is in
/// EtcdControlPlaneTests, EtcdClusterTests, HungStoreTests and KubernetesControlPlaneTests.
/// </summary>
[Collection(FaultScenes.Name)]
public class StoreFaultTests(FaultScene scene)
{
    private string Aside => scene.LeaseDirectory + ".aside";

    [Fact]
    public void A_store_that_goes_and_comes_back_costs_no_packet()
    {
        scene.During(() =>
        {
            Directory.Move(scene.LeaseDirectory, Aside);
            Waiting.For(() => StoreState() != "connected");
            Directory.Move(Aside, scene.LeaseDirectory);
            Waiting.For(() => StoreState() == "connected");
        }).ShouldHaveLostNothing();
        scene.ShouldRecover();
    }

    [Fact]
    public void A_store_that_is_emptied_costs_no_packet()
    {
        scene.During(() =>
        {
            Directory.Move(scene.LeaseDirectory, Aside);
            _ = Directory.CreateDirectory(scene.LeaseDirectory);
            Thread.Sleep(2000);
            foreach (string lease in Directory.GetFiles(Aside))
                File.Move(lease, Path.Combine(scene.LeaseDirectory, Path.GetFileName(lease)), overwrite: true);
            Directory.Delete(Aside);
        }).ShouldHaveLostNothing();
        scene.ShouldRecover();
    }

    [Fact]
    public void A_store_that_lies_costs_no_packet()
    {
        VxlanPeer b = VxlanPeer.Read(scene.B.LeaseFile);
        string truth = File.ReadAllText(scene.B.LeaseFile);
        scene.During(() =>
        {
            // Somebody has what is b's, then what is a's, then all that there is; and b's lease is no JSON.
            string liar = Path.Combine(scene.LeaseDirectory, "liar.json");
            foreach (string prefix in new[] { $"{b.Subnet}", $"{scene.A.PodCidrV4}", "0.0.0.0/0" })
            {
                (b with { Subnet = IPNetwork.Parse(prefix), PublicIP = IPAddress.Parse("192.168.77.66") }).Write(liar, 1);
                Waiting.For(() => Cluster.Report(scene.A, "peers").EnumerateArray()
                    .Any(peer => $"{peer}".Contains("liar", StringComparison.Ordinal)
                        && peer.GetProperty("state").GetString() == "refused"));
                File.Delete(liar);
            }

            File.WriteAllText(scene.B.LeaseFile, "{ \"Subnet\": ");
            Thread.Sleep(500);
            File.WriteAllText(scene.B.LeaseFile, truth);
        }).ShouldHaveLostNothing();
        scene.ShouldRecover();
    }

    private string? StoreState() =>
        Cluster.Report(scene.A, "status").GetProperty("controlPlane").GetProperty("state").GetString();
}
