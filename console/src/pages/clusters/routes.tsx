import { Navigate, Route, Routes, useParams } from 'react-router-dom';
import { NotFound } from '../../components/not_found';
import { paths } from '../../paths';
import { AssociationPage } from './associations/association_page';
import { CreateAssociation } from './associations/create_association';
import { EditAssociation } from './associations/edit_association';
import { ClusterList } from './cluster_list';
import { ClusterPage } from './cluster_page';
import { CreateCluster } from './create_cluster';

export default function ClusterRoutes() {
  return (
    <Routes>
      <Route index element={<ClusterList />} />
      <Route path="create" element={<CreateCluster />} />
      <Route path=":cluster" element={<ToOverview />} />
      <Route path=":cluster/:tab" element={<ClusterPage />} />
      <Route path=":cluster/access/create-association" element={<CreateAssociation />} />
      <Route path=":cluster/access/associations/:id" element={<AssociationPage />} />
      <Route path=":cluster/access/associations/:id/edit" element={<EditAssociation />} />
      <Route path="*" element={<NotFound />} />
    </Routes>
  );
}

function ToOverview() {
  return <Navigate to={paths.cluster(useParams().cluster!)} replace />;
}
